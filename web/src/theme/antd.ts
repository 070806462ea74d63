import { theme, type ThemeConfig } from 'antd'

/** tokens.css → antd, one to one. Values are read from the page, so that a colour is named only once. */
export function antdTheme(dark: boolean): ThemeConfig {
  const style = getComputedStyle(document.documentElement)
  const v = (name: string): string => style.getPropertyValue(name).trim()
  const px = (name: string): number => parseInt(v(name), 10)
  return {
    algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      fontFamily: v('--font'),
      fontSize: 14,
      fontWeightStrong: 600,
      colorPrimary: v('--primary'),
      colorPrimaryHover: v('--primary-hover'),
      colorLink: v('--primary-text'),
      colorError: v('--red'),
      colorErrorText: v('--red-text'),
      colorWarning: v('--amber'),
      colorWarningText: v('--amber-text'),
      colorSuccess: v('--green'),
      colorSuccessText: v('--green-text'),
      colorBgLayout: v('--bg-app'),
      colorBgContainer: v('--bg-surface'),
      colorBgElevated: v('--bg-raised'),
      colorBgSpotlight: v('--bg-inverse'),
      colorTextLightSolid: v('--text-inverse'),
      colorText: v('--text-1'),
      colorTextSecondary: v('--text-2'),
      colorTextTertiary: v('--text-3'),
      colorTextPlaceholder: v('--text-3'),
      colorTextQuaternary: v('--text-off'),
      colorTextDisabled: v('--text-off'),
      colorBorder: v('--line-strong'),
      colorBorderSecondary: v('--line'),
      colorFillSecondary: v('--grey-tint'),
      colorFillTertiary: v('--grey-tint'),
      controlItemBgHover: v('--bg-hover'),
      controlItemBgActive: v('--bg-selected'),
      controlOutline: v('--primary-tint'),
      controlOutlineWidth: 3,
      borderRadius: px('--r'),
      borderRadiusSM: px('--r-s'),
      borderRadiusLG: px('--r-l'),
      controlHeight: 28,
      controlHeightLG: 32,
      boxShadow: v('--shadow-2'),
      boxShadowSecondary: v('--shadow-2'),
      motion: typeof matchMedia === 'undefined' || !matchMedia('(prefers-reduced-motion: reduce)').matches,
      motionDurationFast: v('--fast'),
      motionDurationMid: v('--mid'),
      motionDurationSlow: v('--mid'),
      motionEaseInOut: v('--ease'),
      motionEaseOut: v('--ease'),
    },
    components: {
      Select: { fontSize: 13, fontSizeLG: 13, optionFontSize: 13, optionSelectedFontWeight: 600 },
      Input: { inputFontSize: 13 },
      InputNumber: { inputFontSize: 13 },
      Cascader: { fontSize: 13, fontSizeLG: 13, optionSelectedFontWeight: 600 },
      DatePicker: { fontSize: 13, inputFontSize: 13, inputFontSizeLG: 13 },
    },
  }
}
