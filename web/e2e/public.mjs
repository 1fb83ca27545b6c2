// The proof of an entry, paper, sums and links of the public pages.
import { join } from 'node:path'
import { describe } from 'node:test'
import assert from 'node:assert/strict'
import { fits, open, out, sideways, withFonts } from './browser.mjs'
import { as, base, get, pages } from './county.mjs'
import { run, test } from './server.mjs'

const crawlPages = 600

/** personal finds numbers that no public page may hold: of citizens, phones and cards. */
function personal(text) {
  const found = []
  for (const [run] of text.matchAll(/(?<![0-9a-fA-F])[0-9]{11,19}[0-9Xx]?(?![0-9a-fA-F])/g)) {
    const luhn = [...run].reverse().reduce((sum, d, i) => sum + (i % 2 ? (d * 2 > 9 ? d * 2 - 9 : d * 2) : +d), 0)
    const check = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2].reduce((sum, w, i) => sum + w * run[i], 0) % 11
    if (run.length === 18 && '10X98765432'[check] === run[17].toUpperCase() && /^[1-6][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])/.test(run)) found.push('citizen')
    if (/^1[3-9][0-9]{9}$/.test(run)) found.push('phone')
    if (/^6[0-9]{15,18}$/.test(run) && luhn % 10 === 0) found.push('card')
  }
  return found
}

/** checks are the tests of this part. */
export function checks() {
  describe('an entry is checked in the browser', () => {
    /** check presses the button and returns what the steps and the verdict say. */
    async function check(page) {
      await page.evaluate(() => { document.getElementById('verdict').textContent = '' }) // of the time before
      await page.locator('#check button').click()
      await page.waitForFunction(() => document.getElementById('verdict').textContent)
      return { steps: await page.$$eval('#steps output', all => all.map(o => o.className)), verdict: await page.locator('#verdict').getAttribute('class') }
    }
    test('what is true holds; without witnesses that step stays open', async () => {
      const [page, context] = await open()
      await page.goto(base + pages.proof)
      assert.deepEqual(await check(page), { steps: ['yes', 'yes', 'yes', 'tag'], verdict: 'yes' })
      await context.close()
    })
    test('another key, a changed entry and a forged proof do not', async () => {
      const [page, context] = await open()
      await page.goto(base + pages.proof)
      const key = await page.locator('#key').inputValue()
      const [name, , encoded] = key.split('+')
      await page.locator('#key').fill(`${name}+00000000+${encoded}`)
      assert.deepEqual(await check(page), { steps: ['yes', 'yes', 'no', 'tag'], verdict: 'no' })
      await page.locator('#key').fill(key)
      await page.route('**/leaf/*', async route => {
        const r = await route.fetch()
        await route.fulfill({ response: r, body: (await r.text()).replace('"v":"1"', '"v":"2"') })
      })
      assert.deepEqual(await check(page), { steps: ['no', 'no', 'yes', 'tag'], verdict: 'no' })
      await page.unroute('**/leaf/*')
      await page.route('**/proof/*', async route => {
        const r = await route.fetch()
        await route.fulfill({ response: r, body: (await r.text()).replace(/\n(\d+)\n/, (_, n) => `\n${+n + 1}\n`) })
      })
      assert.equal((await check(page)).verdict, 'no')
      await context.close()
    })
    test('without scripts the files are there to be taken', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + pages.proof)
      assert.ok(await page.locator('#unable').isVisible())
      assert.ok(!await page.locator('#check').isVisible())
      assert.equal(await page.locator('a[download]').count(), 3)
      await context.close()
    })
  })

  describe('keyboard, paper, colours of the system', () => {
    test('the first Tab skips to the content', async () => {
      const [page, context] = await open()
      await page.goto(base + '/')
      await page.keyboard.press('Tab')
      assert.equal(await page.evaluate(() => document.activeElement.className), 'skip')
      assert.ok((await page.locator('.skip').boundingBox()).x >= 0, 'the skip link is seen')
      await page.keyboard.press('Enter')
      assert.equal(await page.evaluate(() => document.activeElement.id), 'main')
      await context.close()
    })
    for (const [whose, user, path, menu] of [['the public menu', '', '/', '#menu'], ['the menu of officers', 'maker', '/desk', '#desk']]) {
      test(`${whose} waits behind its link on a phone, without scripts`, async () => {
        const [page, context] = await (user ? as(user, { javaScriptEnabled: false }) : open({ javaScriptEnabled: false }))
        await page.goto(base + path)
        const nav = page.locator('nav' + menu), last = nav.locator('li:not(.close) a').last()
        const height = async () => (await nav.boundingBox()).height
        assert.equal(await height(), 1)
        assert.ok(await page.locator('h1').evaluate(h => h.getBoundingClientRect().top) < 200, 'the page begins on the first screen')
        assert.equal(await page.getByRole('navigation').getByRole('link', { name: await last.textContent(), exact: true }).count(), 1, 'a screen reader reads what is not seen')
        await last.focus() // as Tab does
        assert.ok(await height() > 100 && await nav.evaluate(n => n.getBoundingClientRect().right <= innerWidth), 'who comes by the keyboard sees where they are')
        await last.blur()
        await page.locator(`a[href="${menu}"]`).click()
        assert.ok(await height() > 100)
        assert.ok(await nav.evaluate(n => n.getBoundingClientRect().top >= 0 && n.getBoundingClientRect().top < innerHeight / 2))
        await nav.locator('.close a').click()
        assert.equal(await height(), 1)
        await page.setViewportSize({ width: 1280, height: 740 })
        assert.ok(await last.isVisible() && !await page.locator(`a[href="${menu}"]`).isVisible(), 'on a desk it stands there')
        await context.close()
      })
      test(`${whose}, opened, is as good as the page`, async () => {
        const [page, context] = await (user ? as(user) : open())
        await page.goto(base + path + menu)
        await fits(page, whose)
        await context.close()
      })
    }
    test('print and forced colours keep the page whole', async () => {
      const [page, context] = await open({ forcedColors: 'active', viewport: { width: 794, height: 1123 } })
      await page.goto(base + pages.project)
      assert.ok(await sideways(page) <= 0)
      await page.screenshot({ path: join(out, 'project-forced-colours.png') })
      await page.emulateMedia({ media: 'print', forcedColors: 'none' })
      assert.ok(await sideways(page) <= 0)
      assert.ok(!await page.locator('nav').first().isVisible(), 'the menu is not printed')
      await page.pdf({ path: join(out, 'project.pdf'), preferCSSPageSize: true, tagged: true })
      await context.close()
    })
  })

  describe('figures', () => {
    test('every equation of the trace of all documents holds', async () => {
      const [page, context] = await open()
      await page.goto(base + '/documents')
      assert.equal(await page.locator('.no').count(), 0)
      const sums = await page.$$eval('table:first-of-type', tables => [...tables[0].querySelectorAll('tbody tr, tfoot tr')].map(tr =>
        [...tr.querySelectorAll('td.n')].map(td => Number(td.textContent.replaceAll(',', '').replace('.', '')))))
      const total = sums.pop()
      total.forEach((want, i) => assert.equal(sums.reduce((a, row) => a + row[i], 0), want, `column ${i}`))
      for (const row of [...sums, total]) {
        assert.equal(row[0], row[1] + row[2] + row[3] + row[4], 'received = in hand + allocated + paid + returned')
        assert.equal(row[3], row[5], 'paid = all payees')
      }
      console.log(`# ${sums.length} documents, received ${total[0] / 100}, payees ${total[5] / 100}`)
      await context.close()
    })
    test('made-up data is marked', async () => {
      const r = await get('/en/', { 'accept-encoding': 'identity' })
      assert.match(r.body.toString(), /class="demo"/)
    })
    test('paper says so too, on every sheet', async () => {
      for (const [type, user] of [['poster'], ['project'], ['fundledger', 'auditor'], ['voucher', 'payer']]) {
        const [page, context] = await (user ? as(user) : open())
        const path = join(out, `made-up-${type}.pdf`)
        await page.goto(base + pages[type], { waitUntil: 'networkidle' })
        await page.pdf({ path, preferCSSPageSize: true, margin: { top: '12mm' } })
        const { stdout } = await run('pdftotext', [path, '-'])
        const sheets = stdout.split('\f').slice(0, -1)
        assert.ok(sheets.length && sheets.every(sheet => sheet.includes('演示数据')), `${type}: ${sheets.length} sheets`)
        await context.close()
      }
    })
  })

  // Lighthouse 12.8.2 brings 200 packages, so it is not installed here: npm i it anywhere
  // and set YILU_LIGHTHOUSE to its cli/index.js. On a busy machine performance is
  // less, and of three runs the one in the middle counts, as its authors advise.
  // The browser has drawn both weights of its font before: at its start Chromium on Linux
  // copies their 19 MB each within the first layout, which Lighthouse counts four times
  // and no phone does.
  describe('lighthouse on a phone', { skip: !process.env.YILU_LIGHTHOUSE && 'YILU_LIGHTHOUSE is not set' }, () => {
    for (const type of ['county', 'project', 'notice']) {
      test(type, { timeout: 480_000 }, async () => {
        const runs = []
        while (runs.length < 3) {
          const { stdout } = await withFonts(port => run(process.execPath, [process.env.YILU_LIGHTHOUSE, base + pages[type], `--port=${port}`, '--quiet', '--output=json',
            '--only-categories=performance,accessibility,best-practices,seo', '--no-enable-error-reporting', '--max-wait-for-load=20000'], { maxBuffer: 64 << 20, timeout: 150_000 }))
          const { categories, audits } = JSON.parse(stdout)
          runs.push(Object.fromEntries(Object.values(categories).map(c => [c.id, Math.round(c.score * 100)])))
          console.log(`# ${type}: ${JSON.stringify(runs.at(-1))}, blocked for ${audits['total-blocking-time'].displayValue}, ${audits['dom-size'].displayValue}`)
        }
        const [, scores] = runs.sort((a, b) => a.performance - b.performance)
        assert.deepEqual(scores, { performance: 100, accessibility: 100, 'best-practices': 100, seo: 100 })
      })
    }
  })

  describe('links', () => {
    test(`${crawlPages} pages lead to no dead end`, { timeout: 180_000 }, async () => {
      const seen = new Set(), queue = [...Object.values(pages).filter(p => p !== pages.missing && !p.startsWith('/alerts') && !p.startsWith('/desk')), '/en/']
      // A few of each kind first, so that the bound cuts off repetition only.
      const kind = path => path.replace(/[0-9]+/g, '0').replace(/\?.*/, '?')
      const taken = new Map()
      while (queue.length && seen.size < crawlPages) {
        const path = queue.shift()
        if (seen.has(path)) continue
        seen.add(path)
        const r = await get(path, { 'accept-encoding': 'identity' })
        if (r.status === 302 && path.includes('/check?entry=')) { queue.push(r.headers.location); continue }
        assert.equal(r.status, 200, path)
        assert.deepEqual(personal(r.body.toString()), [], `${path} holds a personal number`)
        for (const [, found] of r.body.toString().matchAll(/href="([^"#]+)/g)) {
          const link = found.replaceAll('&amp;', '&').replaceAll('&#43;', '+')
          if (!link.startsWith('/') || link.includes('/alerts') || link.includes('/desk') || seen.has(link)) continue
          const n = (taken.get(kind(link)) ?? 0) + 1
          taken.set(kind(link), n)
          if (n <= 60) queue.push(link)
        }
      }
      console.log(`# ${seen.size} pages reached`)
    })
  })
}
