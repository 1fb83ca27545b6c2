// Everybody who has entered: sessions, and what is refused.
import { describe } from 'node:test'
import assert from 'node:assert/strict'
import { open } from './browser.mjs'
import { as, base, enter, get, officers, pages, password } from './county.mjs'
import { test } from './server.mjs'

/** checks are the tests of this part. */
export function checks() {
  describe('officers without JavaScript', () => {
    test('a step that is refused keeps what was typed, and then is taken', async () => {
      const [page, context] = await as('auditor', { javaScriptEnabled: false })
      await page.goto(base + pages.warning)
      const summary = page.locator('summary', { hasText: '办理意见' })
      await summary.click()
      const form = page.locator('form', { has: page.locator('input[value="alert.commented"]') })
      await form.locator('textarea').fill('   ')
      await form.locator('button').click()
      assert.ok(await page.locator('[aria-invalid=true]').count() === 1, 'what is missing is marked')
      await form.locator('textarea').fill('已电话核实')
      await form.locator('button').click()
      assert.match(page.url(), /#history$/)
      assert.equal(await page.locator('blockquote').last().textContent(), '已电话核实')
      await context.close()
    })
    test('the public does not see warnings, and their pages are not kept', async () => {
      for (const type of officers) {
        const r = await get(pages[type])
        assert.equal(r.status, 401)
        assert.equal(r.headers['cache-control'], 'private, no-store')
      }
      const [page, context] = await open()
      await enter(page, 'demo-auditor-2', pages.warnings)
      await page.locator('form.bar-form button').click()
      await page.goto(base + pages.warnings)
      assert.ok(await page.locator('#account').isVisible(), 'left')
      await context.close()
    })
    test('a session that ends in a form loses nothing, and only its officer gets it back', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await enter(page, 'demo-auditor-2', pages.warning)
      const form = () => page.locator('form', { has: page.locator('input[value="alert.commented"]') })
      await page.locator('summary', { hasText: '办理意见' }).click()
      await form().locator('textarea').fill('写到一半的意见')
      const [other, elsewhere] = await open({ storageState: await context.storageState() })
      await other.goto(base + '/desk/me') // ends the session from another window
      await other.locator('tr', { hasText: '本次' }).locator('button').click()
      await elsewhere.close()
      await form().locator('button').click()
      assert.ok(await page.locator('#account').isVisible(), 'asks who it is')
      assert.ok(!(await page.content()).includes('写到一半的意见'), 'says nothing to strangers')
      await page.locator('#account').fill('demo-auditor-2')
      await page.locator('#password').fill(password)
      await page.locator('form.one button').click()
      assert.ok((await page.locator('dd').allTextContents()).includes('写到一半的意见'), 'offers it again')
      await page.locator('form.one button').click()
      assert.equal(await page.locator('blockquote').last().textContent(), '写到一半的意见')
      await context.close()
    })
  })
}
