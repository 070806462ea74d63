import common from './common'
import inbox from './inbox'
import ticket from './ticket'
import error from './error'
import type zh from '../zh-CN'

const en: { [K in keyof typeof zh]: string } = { ...common, ...inbox, ...ticket, ...error }
export default en
