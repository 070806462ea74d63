export default {
  'models.said.active': 'This model is now in use',
}
