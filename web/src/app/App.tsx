import { ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import dayjs from 'dayjs'
import 'dayjs/locale/zh-cn'
import { Fragment, useMemo, type ReactNode } from 'react'
import { useLocale } from '~/i18n'
import { Toasts } from '~/parts/Toasts'
import { paint, useBrand } from '~/stores/brand'
import { dark } from '~/stores/prefs'
import { useStore } from '~/stores/store'
import { antdTheme } from '~/theme/antd'

const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce

/** Theme and language around everything; a new language draws the page again. */
export function App({ children }: { children: ReactNode }) {
  const night = useStore(dark)
  const locale = useLocale()
  const color = useBrand()?.brand.color
  const theme = useMemo(() => { paint(color, night); return antdTheme(night) }, [night, color])
  dayjs.locale(locale === 'en' ? 'en' : 'zh-cn')
  return (
    <ConfigProvider theme={theme} locale={locale === 'en' ? enUS : zhCN} csp={nonce ? { nonce } : undefined} button={{ autoInsertSpace: false }}>
      <Fragment key={locale}>
        {children}
        <Toasts />
      </Fragment>
    </ConfigProvider>
  )
}
