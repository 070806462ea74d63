import { useEffect } from 'react'
import { t } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { Icon } from '~/parts/Icon'
import { Layer } from '~/parts/Layer'
import { useStore } from '~/stores/store'
import { lightbox } from '~/stores/ui'

/** One picture large; arrows go through the others, Esc closes. */
export function Lightbox() {
  const open = useStore(lightbox)
  useEffect(() => () => lightbox.set(undefined), [])
  if (!open) return null
  const at = Math.max(0, open.images.findIndex((x) => x.id === open.at))
  const image = open.images[at]!
  const step = (by: number) => lightbox.set({ ...open, at: open.images[(at + by + open.images.length) % open.images.length]!.id })
  const many = open.images.length > 1
  return (
    <Layer label={image.name} onClose={() => lightbox.set(undefined)}>
      <div className="lightbox" onKeyDown={(e) => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
        if (by && many) { e.preventDefault(); step(by) }
        e.stopPropagation()
      }}>
        <header className="row g8">
          <span className="ell sp">{image.name}</span>
          {many && <span className="t3 f12 nw" role="status">{t('files.at', { n: at + 1, of: open.images.length })}</span>}
          <a className="ib" href={image.url} download={image.name} aria-label={t('files.download')} title={t('files.download')}><Icon name="download" /></a>
          <IconButton icon="close" label={t('common.close')} keys="Escape" data-first onClick={() => lightbox.set(undefined)} />
        </header>
        <div className="lightstage">
          {many && <IconButton icon="left" label={t('files.previous')} keys="ArrowLeft" onClick={() => step(-1)} />}
          <img key={image.id} src={image.url} alt={image.name} />
          {many && <IconButton icon="right" label={t('files.next')} keys="ArrowRight" onClick={() => step(1)} />}
        </div>
      </div>
    </Layer>
  )
}
