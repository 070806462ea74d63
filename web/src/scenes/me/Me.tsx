import { Link, Navigate, useParams } from '@tanstack/react-router'
import { t } from '~/i18n'
import { can, useMe } from '~/stores/session'
import { OwnReplies } from '~/scenes/admin/phrases/Phrases'
import { Profile } from './Profile'
import { Security } from './Security'
import { Tokens } from './Tokens'
import '~/scenes/admin/people/people.css'
import './me.css'

const pages = ['profile', 'replies', 'security', 'tokens'] as const

/** 个人设置: who I am here, how things look to me, and what can sign in as me. */
export function MyPage() {
  const { page } = useParams({ strict: false }) as { page?: string }
  const me = useMe()
  const mine = pages.filter((p) => p !== 'tokens' || can(me, 'token.own'))
  const open = mine.find((p) => p === page)
  if (!me) return null
  if (!open) return <Navigate to="/me/$page" params={{ page: 'profile' }} replace />
  return (
    <div className="studio">
      <nav className="snav" aria-label={t('me.title')}>
        <h2>{t('me.title')}</h2>
        {mine.map((p) => <Link key={p} to="/me/$page" params={{ page: p }} className={p === open ? 'on' : undefined} aria-current={p === open ? 'page' : undefined}>{t(`me.${p}`)}</Link>)}
        <Link to="/notices/$page" params={{ page: 'settings' }}>{t('me.notices')}</Link>
      </nav>
      <main className="sheet spage" id="main" key={open}>{open === 'profile' ? <Profile me={me} /> : open === 'replies' ? <OwnReplies /> : open === 'security' ? <Security me={me} /> : <Tokens me={me} />}</main>
    </div>
  )
}
