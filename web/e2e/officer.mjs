// An officer of finance: forms, approvals, sheets.
import { join } from 'node:path'
import { describe } from 'node:test'
import assert from 'node:assert/strict'
import { out } from './browser.mjs'
import { as, base, cookie, fundOfProject, get, pages, payments } from './county.mjs'
import { test } from './server.mjs'

/** checks are the tests of this part. */
export function checks() {
  describe('officers at their desks', () => {
    /** what the demonstration has money for: a project, its fund, and how much is left. */
    async function source() {
      const r = JSON.parse(await text('/api/v1/books/411025/projects?limit=200'))
      for (const p of r.items) {
        if (!['approved', 'started', 'completed', 'accepted'].includes(p.state)) continue
        const { quotas } = JSON.parse(await text(`/api/v1/books/411025/projects/${p.project}`))
        const q = quotas?.find(q => Number(q.allocated) - Number(q.requested) - Number(q.paid) > 100)
        if (q) return { project: p.project, fund: q.fund }
      }
      throw new Error('no project with money left')
    }
    const text = async path => (await get(path, { 'accept-encoding': 'identity' })).body.toString()

    test('a payment is entered by keyboard, typed in Chinese, approved and paid', { timeout: 120_000 }, async () => {
      const { project, fund } = await source()
      const [page, context] = await as('maker', { viewport: { width: 1280, height: 900 } })
      const faults = []
      page.on('pageerror', e => faults.push(e.message))
      page.on('console', m => m.type() === 'error' && !/status of 422/.test(m.text()) && faults.push(m.text())) // a form that is refused comes back as 422
      await page.goto(base + pages.form)
      const payment = await page.inputValue('[name="0.body.payment"]')
      const to = async name => { // by Tab alone
        for (let i = 0; i < 40; i++) {
          if (await page.evaluate(() => document.activeElement.name) === name) return
          await page.keyboard.press('Tab')
        }
        assert.fail(`Tab does not reach ${name}`)
      }
      await page.locator('[name="0.body.payment"]').focus()
      await to('0.body.project')
      await page.keyboard.type(project)
      await to('0.body.fund')
      await page.keyboard.type(fund)
      await to('0.body.amount')
      await page.keyboard.type('1,680.32')
      assert.equal(await page.locator('output[for="0.body.amount"]').textContent(), '壹仟陆佰捌拾元零叁角贰分')
      await page.waitForFunction(() => document.querySelector('.rest li')?.textContent.includes('指标余额'))
      await to('0.body.payee.name')
      await page.keyboard.type('示例水务设备有限公司')
      await to('0.body.purpose')
      const ime = await context.newCDPSession(page)
      await page.evaluate(() => { window.here = true })
      await ime.send('Input.imeSetComposition', { text: 'shuibiao', selectionStart: 8, selectionEnd: 8 })
      for (const type of ['rawKeyDown', 'keyUp']) await ime.send('Input.dispatchKeyEvent', { type, key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 })
      await ime.send('Input.insertText', { text: '水表采购款' })
      assert.ok(await page.evaluate(() => window.here), 'Enter while composing submits')
      assert.equal(await page.inputValue('[name="0.body.purpose"]'), '水表采购款')
      await page.locator('#saved').filter({ hasText: '草稿已自动保存' }).waitFor({ timeout: 20_000 })
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]) // checks, and submits nothing
      assert.ok(await page.locator('.checked .yes, .checked .no').count() > 0)
      assert.equal(await page.inputValue('[name="0.body.amount"]'), '1,680.32')
      if (await page.locator('button[value=submit]').count() === 0) { // a rule wants to know why
        for (const box of await page.locator('select[name$=".ground"]').all()) await box.selectOption('agreed')
        for (const box of await page.locator('input[name$=".file.upload"]').all()) await box.setInputFiles({ name: '说明.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 why') })
        await Promise.all([page.waitForNavigation(), page.locator('p.buttons button[value=check]').click()])
      }
      await page.locator('button[value=submit]').focus()
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
      assert.match(page.url(), /\/desk\/entries\/\d+\?done=1$/)
      assert.deepEqual(faults, [])
      await context.close()

      const [checker, second] = await as('checker', { javaScriptEnabled: false })
      await checker.goto(base + '/desk/payments/' + payment)
      assert.match(await checker.locator('main').textContent(), /壹仟陆佰捌拾元零叁角贰分/)
      await checker.locator('button[value=approve]').click()
      assert.match(checker.url(), /done=1$/)
      await second.close()
      const [payer, third] = await as('payer', { javaScriptEnabled: false })
      await payer.goto(base + '/desk/new/payment.paid?payment=' + payment)
      await payer.locator('[name="0.body.voucher"]').fill('0012')
      await payer.locator('p.buttons button[value=check]').click()
      await payer.locator('button[value=submit]').click()
      assert.match(payer.url(), /done=1$/)
      await payer.goto(base + '/desk/payments/' + payment + '/voucher')
      assert.match(await payer.locator('.voucher').textContent(), /人民币壹仟陆佰捌拾元零叁角贰分/)
      await third.close()
    })
    test('going back to a form that was checked, and loading it anew, open its draft', async () => {
      const [page, context] = await as('maker')
      await page.goto(base + '/desk/new/payment.requested')
      const amount = page.locator('[name="0.body.amount"]')
      const check = async text => { await amount.fill(text); await Promise.all([page.waitForNavigation(), page.locator('p.buttons button[value=check]').click()]) }
      await check('12.345')
      assert.match(page.url(), /\/desk\/drafts\/\w+$/)
      await check('77.01')
      await page.goBack()
      assert.equal(await amount.inputValue(), '77.01')
      await page.goForward()
      await page.reload()
      assert.equal(await amount.inputValue(), '77.01')
      await context.close()
    })

    test('capital numerals as typed are those of the book', async () => {
      const [page, context] = await as('maker')
      await page.goto(base + pages.form)
      for (const [typed, want] of [['1409.5', '壹仟肆佰零玖元伍角'], ['6007.14', '陆仟零柒元壹角肆分'], ['107000.53', '壹拾万柒仟元零伍角叁分'], ['16409.02', '壹万陆仟肆佰零玖元零贰分'], ['325.04', '叁佰贰拾伍元零肆分'],
        ['10549万', '壹亿零伍佰肆拾玖万元整'], ['200000005', '贰亿零伍元整'], ['１２.5万', '壹拾贰万伍仟元整'], ['0.05', '伍分'], ['-3', '负叁元整'], ['1.234', ''], ['x', '']]) {
        await page.locator('[name="0.body.amount"]').fill(typed)
        assert.equal(await page.locator('output[for="0.body.amount"]').textContent(), want, typed)
      }
      await context.close()
    })
  })

  describe('sheets', () => {
    test('bad rows are all said, and a mended sheet is submitted, without JavaScript', async () => {
      const [page, context] = await as('maker', { javaScriptEnabled: false })
      await page.goto(base + pages.preview)
      assert.deepEqual(await page.locator('table').first().locator('tbody th').allTextContents(), ['第 2 行', '第 4 行'])
      const file = await get(pages.preview + '/errors.xlsx', cookie('preview'))
      assert.equal(file.body.subarray(0, 2).toString(), 'PK')
      await page.goto(base + '/desk/import')
      await page.locator('#sheetform').selectOption('payment')
      await page.locator('#file').setInputFiles({ name: '改好.csv', mimeType: 'text/csv', buffer: payments(['0.01'], ['0.02']) })
      await page.locator('button', { hasText: '上传并检查' }).click()
      await page.waitForSelector('button[value=submit]')
      await page.locator('button[value=submit]').click()
      await page.waitForSelector('.yes')
      await page.locator('.yes a').click()
      assert.match(page.url(), /\/desk\/batches\/imp-payment-/)
      await context.close()
    })
    test('rows pasted from a sheet spread, are summed and judged; Enter while composing submits nothing', async () => {
      const [page, context] = await as('maker', { viewport: { width: 1280, height: 740 } })
      await page.goto(base + '/desk/grid')
      const heads = ['序号', '收款单位', '指标编号', '项目编号', '申请金额（元）', '摘要', '款项性质', '备注'].join('\t')
      const rows = [heads, ...Array.from({ length: 9 }, (_, i) => [i + 1, '某某建设有限公司', fundOfProject, pages.project.split('/').pop(), i === 2 ? '１.234' : `0.0${i + 1}`, '"进度\n款"', '进度款', ''].join('\t')), '\t合计\t\t\t0.42'].join('\r\n')
      await page.locator('#fund-1').focus()
      await page.evaluate(text => {
        const clipboardData = new DataTransfer()
        clipboardData.setData('text/plain', text)
        document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
      }, rows)
      assert.equal(await page.locator('tbody tr').count(), 9, 'rows are added, and none for the sum')
      assert.match(await page.locator('#told').textContent(), /已粘贴 9 行。 没有用到的列：备注。/)
      assert.equal(await page.locator('#fund-9').inputValue(), fundOfProject, 'columns by their heads')
      assert.equal(await page.locator('#purpose-9').inputValue(), '进度款')
      assert.equal(await page.locator('#stage-9').inputValue(), '进度款')
      assert.equal(await page.locator('#sum').textContent(), '0.42')
      assert.equal(await page.locator('#upper').textContent(), '肆角贰分')
      await page.locator('#amount-3-e').waitFor()
      await page.locator('#amount-3').fill('0.50')
      await page.locator('#amount-3').press('Enter')
      assert.equal(await page.evaluate(() => document.activeElement.id), 'amount-4', 'Enter goes down')
      await page.keyboard.press('ArrowUp')
      assert.equal(await page.evaluate(() => document.activeElement.id), 'amount-3')
      await page.waitForFunction(() => !document.getElementById('amount-3-e'))
      await page.locator('#payee-1').focus()
      const cdp = await context.newCDPSession(page)
      await cdp.send('Input.imeSetComposition', { text: 'qing', selectionStart: 4, selectionEnd: 4 })
      await page.evaluate(() => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, isComposing: true, bubbles: true, cancelable: true })))
      assert.equal(await page.evaluate(() => document.activeElement.id), 'payee-1', 'composing')
      await cdp.send('Input.insertText', { text: '青' })
      assert.match(await page.locator('#payee-1').inputValue(), /青/)
      await page.locator('button[value=submit]').click()
      await page.waitForURL(/\/desk\/batches\//)
      await context.close()
    })
    test('a sheet prints on A4 with its headings on every page', async () => {
      const [page, context] = await as('auditor', { viewport: { width: 1123, height: 794 } })
      await page.goto(base + pages.fundledger)
      await page.emulateMedia({ media: 'print' })
      assert.ok(!await page.locator('.bar-form').isVisible(), 'the desk is not printed')
      assert.equal(await page.locator('thead').first().evaluate(e => getComputedStyle(e).display), 'table-header-group')
      await page.pdf({ path: join(out, 'fund-ledger.pdf'), preferCSSPageSize: true, tagged: true })
      await context.close()
    })
  })
}
