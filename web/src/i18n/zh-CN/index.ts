import common from './common'
import inbox from './inbox'
import ticket from './ticket'
import mind from './mind'
import studio from './studio'
import admin from './admin'
import assign from './assign'
import sla from './sla'
import rules from './rules'
import notice from './notice'
import roster from './roster'
import words from './case'
import people from './people'
import customer from './customer'
import setup from './setup'
import exchange from './exchange'
import system from './system'
import today from './today'
import error from './error'
import find from './find'
import own from './own'
import shared from './shared'

export default {
  ...common,
  ...inbox,
  ...ticket,
  ...mind,
  ...studio,
  ...admin,
  ...assign,
  ...sla,
  ...rules,
  ...notice,
  ...roster,
  ...words,
  ...people,
  ...setup,
  ...customer,
  ...find,
  ...own,
  ...shared,
  ...exchange,
  ...system,
  ...today,
  ...error,
}
