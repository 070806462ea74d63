import common from './common'
import inbox from './inbox'
import ticket from './ticket'
import error from './error'

export default { ...common, ...inbox, ...ticket, ...error }
