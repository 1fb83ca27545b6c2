// Every page type: axe, reflow, bytes, requests.
import { join } from 'node:path'
import { describe } from 'node:test'
import assert from 'node:assert/strict'
import { everything, fits, open, out, sideways, violations } from './browser.mjs'
import { as, base, cookie, get, officers, pages, password, payments, seenBy, sessions, uploads } from './county.mjs'
import { test } from './server.mjs'

// The first, the second and the last are axe's; the others are where tables are
// widest for their window.
const widths = [320, 360, 800, 1000, 1280]
const budget = { list: 25 << 10, project: 14 << 10, css: 6 << 10, requests: 3, total: 30 << 10 }

/** Pages that run our own script, one each. */
const scripted = ['proof', 'grid', 'form', 'planform', 'noticeform', 'grantform', 'reversal', 'approvals', 'requests', 'submission', 'request', 'warnings', 'soon', 'payeeswarned']

/** overlaps lists labels of a visible picture that lie on one another. */
const overlaps = page => page.$$eval('svg', pictures => pictures.flatMap(svg => {
  const boxes = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]).filter(([, b]) => b.width > 0)
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
    .filter(([, q]) => p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 2 && q.top < p.bottom - 2)
    .map(([b]) => `${a} on ${b}`))
}))

/** uneven lists inputs of a filter that stand beside one another and not in one line, where a label of two lines pushes its own down, or out of their columns. */
const uneven = page => page.$$eval('form[role=search]', forms => forms.flatMap(form => {
  const inputs = [...form.querySelectorAll(':scope > div > :is(input, select)')].map(x => [x.name, x.parentElement.getBoundingClientRect(), x.getBoundingClientRect().top, x.getBoundingClientRect().right])
  const wide = inputs.filter(([, p, , right]) => right > p.right + 1).map(([a]) => `${a} is too wide`)
  return wide.concat(inputs.flatMap(([a, p, y], i) => inputs.slice(i + 1)
    .filter(([, q, z]) => p.top < q.bottom - 4 && q.top < p.bottom - 4 && Math.abs(y - z) > 1)
    .map(([b]) => `${a} and ${b}`)))
}))

/** Which combinations axe sees, and which are pictured for people to look at. */
const seenByAxe = ['zh 360 light', 'zh 1280 dark', 'en 320 light']
const pictured = everything || process.env.YILU_E2E === 'pictures' ? ['zh 360 light', 'zh 1280 dark'] : []

/** look looks at a page type in one language, in a window that is as a new one. */
async function look(page, type, language) {
  const path = (language === 'en' ? '/en' : '') + pages[type]
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto(base + path)
  assert.equal(await page.locator('html').getAttribute('lang'), language === 'en' ? 'en' : 'zh-CN', path)
  assert.equal(await page.locator('script').count(), scripted.includes(type) ? 1 : 0, `${path}: scripts`)
  // What officers see in English is the same page with longer words: where it is widest.
  const brief = language === 'en' && seenBy[type] && !everything
  for (const width of brief ? [320, 1000] : widths) {
    await page.setViewportSize({ width, height: 740 })
    const [wider, labels, stepped] = await Promise.all([sideways(page), overlaps(page), uneven(page)])
    assert.ok(wider <= 0, `${path} at ${width} scrolls sideways`)
    assert.deepEqual(labels, [], `${path} at ${width}: labels`)
    assert.deepEqual(stepped, [], `${path} at ${width}: inputs out of line`)
    for (const colorScheme of ['light', 'dark']) {
      const how = `${language} ${width} ${colorScheme}`
      const checked = seenByAxe.includes(how) && !brief || everything && width !== 800 && width !== 1000
      if (!checked && !pictured.includes(how)) continue
      await page.emulateMedia({ colorScheme })
      if (checked) assert.deepEqual(await violations(page, language === 'zh' || everything), [], `${path}: ${how}`) // colours have no language
      if (pictured.includes(how)) await page.screenshot({ path: join(out, `${type} ${how}.jpg`.replaceAll(' ', '-')), type: 'jpeg', quality: 70, fullPage: true, timeout: 120_000 })
    }
  }
  if (type === 'county' && language === 'zh' && pictured.length) { // README's
    await page.setViewportSize({ width: 1280, height: 1760 })
    await page.emulateMedia({ colorScheme: 'light' })
    await page.screenshot({ path: join(out, 'home.png') })
  }
  await page.setViewportSize({ width: 320, height: 740 })
  await page.evaluate(() => { document.documentElement.style.fontSize = '225%' })
  assert.ok(await sideways(page) <= 0, `${path} at 320 with 200 % text scrolls sideways`)
}

const types = ['county', 'flow', 'about', 'funds', 'fund', 'document', 'documents', 'township', 'village', 'projects', 'project', 'grants', 'payments',
  'payment', 'batch', 'payees', 'payee', 'entries', 'entry', 'missing', 'empty', 'rules', 'rule', 'enter', 'login', 'begin', 'search', 'data', 'check',
  'contracts', 'tenders', 'bidders', 'bids', 'allocations', 'grantlist', 'notices', 'notice', 'plan', 'coverage', 'objections', 'object', 'paper', 'mine', ...officers]

/** two says that the part looks at two pages at a time. */
export const two = true

/** checks are the tests of this part. */
export function checks() {
  describe(`each page type: axe, reflow at ${widths.join(', ')}, 200 % text, no overlapping labels, no script`, { concurrency: 2 }, () => {
    for (const type of types) {
      test(type, { timeout: 240_000 }, async () => {
        const [page, context] = await open({ viewport: { width: widths[0], height: 740 }, storageState: seenBy[type] && sessions[seenBy[type]] })
        try {
          await look(page, type, 'zh')
          await look(page, type, 'en')
        } finally {
          await context.close()
        }
      })
    }
  })

  describe('pages that come of a form: axe and reflow at 360, 1280', () => {
    const wide = { viewport: { width: 1280, height: 900 } }
    const pressed = (page, button) => Promise.all([page.waitForNavigation(), button.click()])
    /** each opens a page as somebody, has it changed, and looks at what comes. */
    const each = (what, user, path, act) => test(what, { timeout: 120_000 }, async () => {
      const [page, context] = await as(user, wide)
      await page.goto(base + path())
      await act(page, context)
      await fits(page, what)
      await context.close()
    })
    each('a form with faults', 'maker', () => pages.form, page => pressed(page, page.locator('p.buttons button[value=check]')))
    each('an imported batch', 'maker', () => '/desk/import', async page => {
      await uploads(page, payments(['0.11']))
      await page.locator('button[value=submit]').click()
      await pressed(page, page.locator('.yes a'))
    })
    each('the reversal of a whole submission', 'maker', () => pages.deskentry, async page => {
      await pressed(page, page.locator('main dl a[href*="/desk/submissions/"]'))
      await pressed(page, page.locator('main a[href$="/undo"]'))
    })
    each('slips to print', 'maker', () => pages.papers, async page => {
      const form = page.locator('form.papers', { has: page.locator('input[name=what][value=list]') }).first()
      await pressed(page, form.locator('button'))
    })
    each('many approvals at once', 'checker', () => pages.approvals, async page => {
      await page.locator('tbody input[type=checkbox]').first().check()
      await pressed(page, page.locator('button[value=reject]')) // without a reason: none is taken
    })
    each('many cases at once, before it is done', 'auditor', () => '/alerts?level=yellow', async page => {
      await page.locator('input[name=pick]').first().check()
      await page.locator('summary', { hasText: '批量办理' }).click()
      await page.locator('#unit-bulk').fill('411025-NY')
      await pressed(page, page.locator('.inputs button'))
    })
    each('what a bank sent back', 'payer', () => pages.bankbatch, async page => {
      const sent = await get(pages.bankbatch + '/bank.csv', { ...cookie('bankbatch'), 'accept-encoding': 'identity' })
      await page.locator('input[type=file]').setInputFiles({ name: '银行回单.csv', mimeType: 'text/csv', buffer: sent.body }) // without a word on what became of it
      await pressed(page, page.locator('form[enctype="multipart/form-data"] button').first())
    })
    each('what is sealed, revealed', 'auditor', () => '/alerts?state=all&code=E02', async page => {
      await pressed(page, page.locator('#rows th a').first())
      await page.locator('#reveal-reason').evaluate(e => { e.closest('details').open = true })
      await page.locator('#reveal-reason').fill('核对领取人')
      await pressed(page, page.locator('form[action*="/reveal"] button'))
    })
    each('a log-in in between, and what it brings back', 'auditor-2', () => pages.warning, async (page, context) => {
      await page.locator('summary', { hasText: '办理意见' }).click()
      const form = page.locator('form', { has: page.locator('input[value="alert.commented"]') })
      await form.locator('textarea').fill('写到一半的意见')
      await context.clearCookies()
      await pressed(page, form.locator('button'))
      await fits(page, 'a log-in in between')
      await page.locator('#account').fill('demo-auditor-2')
      await page.locator('#password').fill(password)
      await pressed(page, page.locator('form.one button'))
    })
  })

  describe('budgets', () => {
    test('bytes of every page type', async () => {
      for (const type of types) {
        for (const prefix of ['', '/en']) {
          const r = await get(prefix + pages[type], cookie(type))
          const most = type === 'project' || type === 'grants' ? budget.project : budget.list
          assert.ok(r.body.length <= most, `${prefix}${pages[type]} has ${r.body.length} bytes, at most ${most}`)
          if (!prefix) console.log(`# ${type} ${r.body.length} bytes`)
        }
      }
    })
    test('requests and bytes of a first visit', async () => {
      const [page, context] = await open()
      const requests = []
      page.on('requestfinished', r => requests.push(r))
      await page.goto(base + pages.project, { waitUntil: 'networkidle' })
      let total = 0
      for (const r of requests) {
        assert.equal(new URL(r.url()).origin, base, 'a foreign origin')
        const { responseBodySize } = await r.sizes()
        total += responseBodySize
        if (r.url().endsWith('.css')) assert.ok(responseBodySize <= budget.css, `stylesheet of ${responseBodySize} bytes`)
      }
      assert.ok(requests.length <= budget.requests, requests.map(r => r.url()).join(' '))
      assert.ok(total <= budget.total, `${total} bytes`)
      console.log(`# first visit of a project: ${requests.length} requests, ${total} bytes`)
      await context.close()
    })
    test('a page seen again is not sent again; assets are for ever', async () => {
      for (const type of types.filter(t => !['missing', 'log', 'proof', 'rules', 'rule', 'enter', 'login', 'begin', 'object', 'mine', ...officers].includes(t))) {
        const r = await get(pages[type])
        assert.ok(r.headers.etag, `${pages[type]} has no ETag`)
        const again = await get(pages[type], { 'if-none-match': r.headers.etag })
        assert.equal(again.status, 304, pages[type])
        assert.equal(again.body.length, 0)
      }
      const [page, context] = await open()
      await page.goto(base + '/')
      const css = await page.locator('link[rel=stylesheet]').getAttribute('href')
      assert.match((await get(css)).headers['cache-control'], /max-age=31536000, immutable/)
      await context.close()
    })
    test('the layout does not shift', async () => {
      const [page, context] = await open()
      await page.goto(base + pages.project, { waitUntil: 'networkidle' })
      const shift = await page.evaluate(() => new Promise(resolve => {
        let sum = 0
        new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value }).observe({ type: 'layout-shift', buffered: true })
        setTimeout(() => resolve(sum), 300)
      }))
      assert.ok(shift <= 0.05, `layout shift ${shift}`)
      await context.close()
    })
  })
}
