// The three administrators.
import { describe } from 'node:test'
import assert from 'node:assert/strict'
import { as, base } from './county.mjs'
import { test } from './server.mjs'

/** checks are the tests of this part. */
export function checks() {
  describe('administrators without JavaScript', () => {
    test('a role is proposed by one administrator and approved by another', async () => {
      const [page, context] = await as('security', { javaScriptEnabled: false })
      await page.goto(base + '/desk/people/demo-publicity')
      const form = page.locator('form[action$="/grant"]')
      await form.locator('select[name=role]').selectOption('leader')
      await form.locator('button').click()
      assert.match(page.url(), /#waiting$/)
      assert.equal(await page.locator('button[value=approve]').count(), 0, 'not by who proposed it')
      await context.close()
      const [second, another] = await as('audit', { javaScriptEnabled: false })
      await second.goto(base + '/desk/people')
      await second.locator('button[value=approve]').click()
      await second.goto(base + '/desk/people/demo-publicity')
      assert.ok((await second.locator('tbody').first().textContent()).includes('领导'))
      await another.close()
    })
  })
}
