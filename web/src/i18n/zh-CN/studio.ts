export default {
  'models.said.active': '已启用这个模型',
}
