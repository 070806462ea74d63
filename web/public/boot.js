// Runs before the first paint so that neither theme nor density flashes.
(function () {
  try {
    var p = JSON.parse(localStorage.getItem('zhidan.prefs') || '{}')
    var dark = p.theme === 'dark' || ((!p.theme || p.theme === 'system') && matchMedia('(prefers-color-scheme: dark)').matches)
    document.documentElement.dataset.theme = dark ? 'dark' : 'light'
    document.documentElement.dataset.density = p.density || 'normal'
    if (p.locale) document.documentElement.lang = p.locale
  } catch (e) {
    document.documentElement.dataset.theme = 'light'
  }
})()
