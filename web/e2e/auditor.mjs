// An auditor: the feed, keys, many at once.
import { describe } from 'node:test'
import assert from 'node:assert/strict'
import { as, base, data, serve, sessions, stop, tokens } from './county.mjs'
import { ask, beginWithin, binary, run, test } from './server.mjs'

/** checks are the tests of this part. */
export function checks() {
  describe('auditors', () => {
    let last = 0
    /** warn has a blocking rule refuse a payment, which is a warning; it returns when the answer came. */
    async function warn() {
      last++
      const body = { id: `e2e-${last}`, kind: 'payment.requested', on: '2020-12-28', body: { payment: `E2E-${last}`, project: 'BC2020-01', fund: 'ZJ2020-5', amount: '9.00', purpose: '测试', payee: { name: '某公司' },
        invoice: { number: String(88880000 + last), amount: '1.00' } } }
      const r = await ask(base + '/api/v1/books/411025/entries', { method: 'POST', headers: { authorization: `Bearer ${tokens.maker}`, 'content-type': 'application/json' }, body: JSON.stringify(body) })
      assert.equal(r.status, 422)
    }
    const live = page => page.waitForFunction(() => document.getElementById('feed').dataset.now === 'live')
    const top = page => page.locator('#rows th a').first().textContent()
    const arrives = (page, n) => page.waitForFunction(text => document.querySelector('#rows th a').textContent.includes(text), String(88880000 + n))

    test('the list grows by itself, and never under the pointer, the focus or a pause', { timeout: 60_000 }, async () => {
      const [page, context] = await as('auditor', { viewport: { width: 1280, height: 900 } })
      await page.goto(base + '/alerts')
      await live(page)
      const began = Date.now()
      await warn()
      await arrives(page, last)
      console.log(`# a refused attempt was a row on the page after ${Date.now() - began} ms`)
      await page.locator('#rows th').nth(2).hover()
      const before = await top(page)
      await warn()
      await page.locator('#feed-new:visible').waitFor()
      assert.match(await page.locator('#feed-new').textContent(), /1/)
      assert.equal(await top(page), before, 'a row was put under the pointer')
      await page.mouse.move(2, 2)
      await arrives(page, last)
      await page.locator('#rows th a').nth(1).focus()
      const focused = await top(page)
      await warn()
      await page.locator('#feed-new:visible').waitFor()
      assert.equal(await top(page), focused, 'a row was put above the focus')
      await page.locator('#feed-new').click()
      await arrives(page, last)
      await page.evaluate(() => document.activeElement.blur())
      await page.locator('#feed-pause').click()
      assert.equal(await page.locator('#feed').getAttribute('data-now'), 'paused')
      const paused = await top(page)
      await warn()
      await page.waitForTimeout(1500)
      assert.equal(await top(page), paused)
      await page.locator('#feed-pause').click()
      await page.evaluate(() => document.activeElement.blur())
      await page.mouse.move(2, 2)
      await arrives(page, last)
      const hide = hidden => page.evaluate(hidden => {
        Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
      await hide(true)
      assert.equal(await page.locator('#feed').getAttribute('data-now'), 'hidden')
      await warn()
      await hide(false)
      await arrives(page, last)
      const rows = await page.$$eval('#rows tr', all => all.map(tr => tr.dataset.seq))
      assert.equal(new Set(rows).size, rows.length, 'a row twice')
      await context.close()
    })
    test('keys: j and k go through the rows, ? tells, e opens what can be done', async () => {
      const [page, context] = await as('auditor', { viewport: { width: 1280, height: 900 } })
      await page.goto(base + '/alerts?state=all')
      const at = () => page.evaluate(() => [...document.querySelectorAll('#rows th a')].indexOf(document.activeElement))
      for (const [key, want] of [['j', 0], ['j', 1], ['k', 0], ['k', 0]]) {
        await page.keyboard.press(key)
        assert.equal(await at(), want, key)
      }
      await page.keyboard.press('?')
      assert.ok(await page.locator('#feed-keys dl').isVisible())
      await page.locator('#region').focus()
      await page.keyboard.press('j')
      assert.equal(await page.locator('#region').inputValue(), 'j', 'typing is typing')
      await page.locator('#rows th a').first().focus()
      await page.keyboard.press('e')
      await page.waitForURL(/alerts\/a-.*#act$/)
      await context.close()
    })
    test('many at once, without scripts: each is looked at, then each is told', async () => {
      const [page, context] = await as('auditor', { javaScriptEnabled: false })
      await page.goto(base + '/alerts?level=yellow')
      assert.ok(!await page.locator('#feed').isVisible())
      await page.locator('input[name=pick]').nth(0).check()
      await page.locator('input[name=pick]').nth(1).check()
      await page.locator('summary', { hasText: '批量办理' }).click()
      await page.locator('#unit-bulk').fill('411025-NY')
      await page.locator('.inputs button').click()
      assert.equal(await page.locator('tbody tr').count(), 2)
      await page.locator('main form:not(.bar-form) button').click()
      assert.equal(await page.locator('tbody .yes').count(), 2)
      await context.close()
    })
    test('an entry that was altered in the database is found, and named everywhere', { timeout: 60_000 }, async t => {
      if (!data) return t.skip('the server is not ours')
      const alter = async () => /([0-9]+) .*?[0-9]+\.[0-9]{2}/.exec((await run(binary, ['demo', 'alter', '--data', data])).stdout)[1]
      const [page, context] = await as('auditor', { viewport: { width: 360, height: 800 } })
      const check = async () => {
        await page.goto(base + '/desk/health')
        await page.locator('main form:not(.bar-form) button').click()
        const said = () => page.locator('main table').first().textContent()
        while (/正在逐条核对/.test(await said())) await page.reload()
        return said()
      }
      const entry = await alter()
      try {
        assert.match(await check(), new RegExp(`异常.*第 ${entry} 号分录`, 's'))
        await page.goto(base + '/log')
        assert.match(await page.locator('main').textContent(), new RegExp(`✗ .*第 ${entry} 号分录`, 's'))
        await page.goto(`${base}/entries/${entry}/proof`)
        await page.locator('#check button').click()
        await page.waitForFunction(() => document.getElementById('verdict').textContent !== '')
        assert.match(await page.locator('[data-step=leaf]').textContent(), /✗/)
        assert.match(await page.locator('[data-step=root]').textContent(), /✓/)
        assert.match(await page.locator('[role=alert]').textContent(), /被改动过/)
        const raised = page.locator('#rows tr', { hasText: `第 ${entry} 号分录` })
        for (let n = 0; n === 0; n = await raised.count()) {
          await page.waitForTimeout(500)
          await page.goto(base + '/alerts?code=L01')
        }
        await raised.locator('th a').click()
        assert.match(await page.locator('main').textContent(), new RegExp(`断链.*第 ${entry} 号`, 's'))
      } finally {
        await alter()
      }
      assert.match(await check(), /✓.*一致/s)
      await context.close()
    })
    test('a server that is restarted: no event is lost or told twice', { timeout: 2 * beginWithin }, async t => {
      if (process.env.YILU_URL) return t.skip('the server is not ours')
      const [page, context] = await as('auditor', { viewport: { width: 1280, height: 900 } })
      await page.addInitScript(() => { window.ids = []; document.addEventListener('feed', e => window.ids.push(e.detail)) })
      await page.goto(base + '/alerts')
      await live(page)
      const first = Number(await page.locator('#feed').getAttribute('data-after'))
      await warn()
      await page.waitForFunction(() => window.ids.length > 0)
      for (const signal of ['SIGTERM', 'SIGTERM']) {
        await stop(signal)
        await page.waitForFunction(() => document.getElementById('feed').dataset.now !== 'live')
        await serve()
        await warn()
        await warn()
        // The demonstration's password is new, and ends the sessions of the old one. A page of
        // its own is closed with its context: Chromium may never close one page of several.
        delete sessions.auditor
        await (await as('auditor'))[1].close()
        await context.addCookies(sessions.auditor.cookies)
        await live(page)
        await warn()
        await arrives(page, last)
      }
      const feed = await (await ask(`${base}/api/v1/books/411025/alerts/feed?after=${first}&limit=500`, { headers: { authorization: `Bearer ${tokens.auditor}` } })).json()
      const want = feed.items.map(e => e.seq)
      await page.waitForFunction(n => window.ids.length >= n, want.length)
      assert.deepEqual(await page.evaluate(() => window.ids), want)
      for (const user of Object.keys(sessions)) delete sessions[user] // they ended with the old password
      await context.close()
    })
  })
}
