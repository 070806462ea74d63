// Text that wants to be more than text: in the subject, names, tags, bodies and
// HTML mail. It is shown, it runs nothing, it fetches nothing from elsewhere.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { Browser, House, journey, shot, signIn } from '../lib.mjs'

let house, browser, li, api
before(async () => {
  house = await House.open()
  li = await house.person('<img src=x onerror=alert(1)>')
  api = await house.program(li)
  browser = await Browser.open()
})
after(async () => {
  await browser?.close()
  await house?.close()
})

const html = `<html><head><style>@import url(http://evil.example.test/a.css); body{background:url(http://evil.example.test/b.png)} .app{display:none}</style>
<meta http-equiv="refresh" content="0;url=http://evil.example.test/"><base href="http://evil.example.test/"></head>
<body onload="alert(1)"><script>alert(2); document.title='owned'</script><img src="http://evil.example.test/pixel.png" onerror="alert(3)">
<img src="x" onerror="alert(4)"><svg onload="alert(5)"><a xlink:href="javascript:alert(6)">svg</a></svg><iframe src="http://evil.example.test/"></iframe>
<a href="javascript:alert(7)">click</a><a href="https://example.test/ok" onclick="alert(8)">good link</a><form action="http://evil.example.test/"><input name=p><button>send</button></form>
<div style="position:fixed;inset:0;background:url(http://evil.example.test/c.png)">cover</div><math><mtext><table><mglyph><style><img src=x onerror=alert(9)></style></mglyph></table></mtext></math>
<p>真正的内容还在</p><link rel=stylesheet href=http://evil.example.test/d.css><video src=http://evil.example.test/v.mp4 autoplay></video><object data=http://evil.example.test/o></object></body></html>`

journey('恶意文本不执行、不外连', async (open) => {
  const file = join(house.dir, 'hostile.eml')
  writeFileSync(file, ['From: "<script>alert(1)</script>" <h@customer.example.test>', 'To: service@example.test', 'Subject: <img src=x onerror=alert(1)> "><script>alert(2)</script>',
    'Message-ID: <hostile@customer.example.test>', 'MIME-Version: 1.0', 'Content-Type: text/html; charset=utf-8', '', html, ''].join('\r\n'))
  await house.cli(['import', 'mail', file])
  const made = await api('POST', '/tickets', { subject: '{{constructor.constructor("alert(1)")()}} ${alert(1)} <b>粗</b>', body: '<script>alert(1)</script> javascript:alert(1) http://example.test/ok \u202Egnp.exe', requester: { name: '"><svg/onload=alert(1)>' }, tags: ['<i>标签</i>'] })
  await api('POST', `/tickets/${made.id}/messages`, { kind: 'reply', body: 'x', html: `<p onclick="alert(1)">hi</p><script>alert(1)</script><img src="//evil.example.test/x.png"><a href="data:text/html,<script>alert(1)</script>">d</a>` })
  const page = await open(browser, house)
  await signIn(page, li, '/inbox/20')
  await page.goto('/inbox/10')
  const rows = page.getByRole('option')
  await rows.nth(1).waitFor()
  for (const i of [0, 1]) {
    await rows.nth(i).click()
    await page.locator('article').first().waitFor()
    await page.waitForLoadState('networkidle').catch(() => undefined)
    await shot(page, `hostile-${i + 1}`)
    assert.equal(await page.locator('.tl script, .tl iframe, .tl object, .tl form, .tl style, .tl link, .tl base, .tl meta, .tl video').count(), 0)
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('.tl a')].map((a) => a.protocol).filter((p) => !['http:', 'https:', 'mailto:', 'tel:'].includes(p))), [])
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('.tl *')].flatMap((e) => e.getAttributeNames().filter((n) => n.startsWith('on')))), [])
  }
  await page.getByText('真正的内容还在').or(page.getByText('hi', { exact: true })).first().waitFor()
  await page.keyboard.press('/')
  await page.locator('.palette input:focus').waitFor()
  await page.keyboard.type('script')
  await page.locator('.palette .it', { hasText: 'script' }).first().waitFor()
  await shot(page, 'hostile-3-suggested')
  await page.keyboard.press('Enter')
  await page.locator('.rows mark, .empty').first().waitFor()
  await shot(page, 'hostile-3-search')
  assert.notEqual(await page.title(), 'owned')
})
