// The sections of 配置, as data: a section is a line here, a name in the
// catalogues (admin.<id>) and a page of its own, loaded when it is opened.
import { lazy, type ComponentType } from 'react'
import type { Me } from '~/api/types'
import { can } from '~/stores/session'

export type SectionGroup = 'tickets' | 'service' | 'people' | 'work' | 'system'
export interface Section {
  /** Its place in the address: /admin/<id>. */
  id: SectionID
  group: SectionGroup
  /** Whoever has one of these sees it; nobody named: everybody does. */
  needs: string[]
  page: ComponentType
}

export type SectionID =
  | 'types' | 'fields' | 'categories' | 'statuses' | 'codes' | 'ticket-rules' | 'scenes' | 'blocklist'
  | 'views' | 'quick-replies' | 'signatures'
  | 'sla' | 'calendars'
  | 'users' | 'teams' | 'departments' | 'skills' | 'roles'
  | 'routing'
  | 'imports'
  | 'notify-channels' | 'notify-templates' | 'notify-deliveries'
  | 'quarantine' | 'audit' | 'system' | 'company'

const page = <M extends string>(load: () => Promise<Record<M, ComponentType>>, name: M): ComponentType => lazy(async () => ({ default: (await load())[name] as ComponentType }))

/** In the order in which they are listed. */
export const sections: Section[] = [
  { id: 'types', group: 'tickets', needs: ['config.manage'], page: page(() => import('./setup/Types'), 'Types') },
  { id: 'fields', group: 'tickets', needs: ['config.manage'], page: page(() => import('./setup/Fields'), 'Fields') },
  { id: 'categories', group: 'tickets', needs: ['config.manage'], page: page(() => import('./setup/Categories'), 'Categories') },
  { id: 'statuses', group: 'tickets', needs: ['config.manage'], page: page(() => import('./setup/Statuses'), 'Statuses') },
  { id: 'codes', group: 'tickets', needs: ['config.manage'], page: page(() => import('./setup/Codes'), 'Codes') },
  { id: 'ticket-rules', group: 'tickets', needs: ['config.manage'], page: page(() => import('./setup/TicketRules'), 'TicketRules') },
  { id: 'scenes', group: 'tickets', needs: ['config.manage'], page: page(() => import('./customers/Scenes'), 'Scenes') },
  { id: 'sla', group: 'service', needs: ['config.manage'], page: page(() => import('./sla/Policies'), 'Policies') },
  { id: 'calendars', group: 'service', needs: ['config.manage'], page: page(() => import('./calendar/Calendars'), 'Calendars') },
  { id: 'views', group: 'service', needs: ['view.share'], page: page(() => import('./views/SharedViews'), 'SharedViews') },
  { id: 'quick-replies', group: 'service', needs: [], page: page(() => import('./phrases/Phrases'), 'QuickReplies') },
  { id: 'signatures', group: 'service', needs: [], page: page(() => import('./phrases/Phrases'), 'Signatures') },
  { id: 'users', group: 'people', needs: ['staff.read'], page: page(() => import('./people/Users'), 'Users') },
  { id: 'teams', group: 'people', needs: ['staff.read'], page: page(() => import('./people/Teams'), 'Teams') },
  { id: 'departments', group: 'people', needs: ['staff.read'], page: page(() => import('./people/Departments'), 'Departments') },
  { id: 'skills', group: 'people', needs: ['staff.read'], page: page(() => import('./people/Skills'), 'Skills') },
  { id: 'roles', group: 'people', needs: ['staff.read'], page: page(() => import('./people/Roles'), 'Roles') },
  { id: 'routing', group: 'work', needs: ['routing.read', 'routing.manage'], page: page(() => import('./routing/RoutingPage'), 'RoutingPage') },
  { id: 'blocklist', group: 'work', needs: ['customer.block'], page: page(() => import('./customers/Blocklist'), 'Blocklist') },
  { id: 'imports', group: 'system', needs: ['import'], page: page(() => import('~/scenes/exchange/Imports'), 'Imports') },
  { id: 'notify-channels', group: 'system', needs: ['notify.manage'], page: page(() => import('./notify/Channels'), 'Channels') },
  { id: 'notify-templates', group: 'system', needs: ['notify.manage'], page: page(() => import('./notify/Templates'), 'Templates') },
  { id: 'notify-deliveries', group: 'system', needs: ['notify.manage'], page: page(() => import('./notify/Deliveries'), 'Deliveries') },
  { id: 'company', group: 'system', needs: ['config.manage'], page: page(() => import('./system/Company'), 'Company') },
  { id: 'quarantine', group: 'system', needs: ['quarantine.manage'], page: page(() => import('./system/Quarantine'), 'Quarantine') },
  { id: 'audit', group: 'system', needs: ['audit.read'], page: page(() => import('./system/Audit'), 'Audit') },
  { id: 'system', group: 'system', needs: ['job.manage'], page: page(() => import('./system/System'), 'System') },
]

export const visible = (me: Me | undefined): Section[] => sections.filter((s) => s.needs.length === 0 || s.needs.some((p) => can(me, p)))
