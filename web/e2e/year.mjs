// A whole year of one project, from the 指标文 that brings its money to the asset that is
// left: entered by five people through their forms, in a book that is empty at first, with
// accounts made as in earnest. Two auditors watch, and a villager asks.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import assert from 'node:assert/strict'
import { open, out, sideways } from './browser.mjs'
import { Person, paper } from './person.mjs'
import { Server, ask, beginWithin, binary, endWithin, run, verifier, test } from './server.mjs'

const book = '411025', village = '411025103201'
const fund = 'ZB2020-01', project = 'XM2020-01', tender = 'BD2020-01', contract = 'HT2020-01', signedAnew = 'HT2020-01-2', asset = 'ZC2020-01'
const winner = { name: '河南示例建设有限公司' }, others = [{ name: '许昌示例市政工程有限公司' }, { name: '漯河示例路桥有限公司' }]
const account = { payee_account: '6217000010001234567', payee_bank: '示例银行襄城支行' }
const name = '颍阳镇大路村村内道路硬化项目'

/** Who works: the five people of the year, and a second auditor. */
const staff = {
  maker: { name: '李会计', unit: '411025-CZ', role: 'maker' },
  checker: { name: '王股长', unit: '411025-CZ', role: 'checker' },
  payer: { name: '赵出纳', unit: '411025-GK', role: 'payer' },
  township: { name: '周专干', unit: '411025103', role: 'project', area: '411025103' },
  auditor: { name: '孙审计', unit: '411025-SJ', role: 'auditor' },
  second: { name: '钱审计', unit: '411025-SJ', role: 'auditor' },
}
const plan = {
  project, name, type: 'construction', subtype: '农村道路建设', content: '硬化村内道路1.2公里，路面宽4米、C25混凝土厚18厘米', place: village, place_name: '颍阳镇大路村',
  unit: '颍阳镇人民政府', start: '2020-03-02', finish: '2020-06-30', targets: '改善群众出行条件，工程验收合格率100%', linkage: '优先使用本村脱贫劳力', beneficiaries: '210', poor: '36',
}
/** What is paid: the advance, progress, and the settled sum but for 3 % of retention. */
const payments = [['ZF2020-01', 'advance', '140,400.11'], ['ZF2020-02', 'progress', '140,400.11'], ['ZF2020-03', 'final', '167,825.31']]
const paid = '448,625.53'

/** fen is an amount in whole 分. */
const fen = text => BigInt(text.replaceAll(/[^0-9-]/g, ''))

/** step takes one step of a case, as its page offers it. */
async function step(person, path, kind, fields) {
  await person.go(path)
  await person.press(await stepForm(person, kind, fields))
  assert.match(person.page.url(), /#history$/, await person.said())
}

/** stepForm fills in the form of a step, and returns its button. */
async function stepForm(person, kind, fields) {
  const form = person.page.locator('form', { has: person.page.locator(`input[name=kind][value="${kind}"]`) })
  await person.page.locator('details', { has: form }).locator('summary').first().click()
  for (const [field, value] of Object.entries(fields)) {
    const input = form.locator(`[name="${field}"]`)
    if (await input.evaluate(e => e.tagName) === 'SELECT') await input.selectOption(value)
    else await input.fill(value)
  }
  return form.locator('button')
}

/** own says that the part needs no demonstration county. */
export const own = true

/** checks are the tests of this part. */
export function checks() {
  describe('a year of one project, by five people', () => {
    let server
    const people = {}
    /** where the case is, and the entries that mend it. */
    let warning, mending

    before(async () => {
      server = await Server.make()
      await server.serve()
    }, { timeout: beginWithin + 10_000 })
    after(() => server?.remove(), { timeout: endWithin })

    /** decided is a submission that the checker approves; it returns the numbers of its entries. */
    async function decided(path) {
      await people.checker.approves(path)
      return people.checker.page.$$eval('main details > dl > dd:first-of-type > a', all => all.map(a => a.getAttribute('href').split('/').pop()))
    }
    /** feed is what the auditor's open page has, which nobody touches. */
    const feed = () => people.auditor.page.locator('#rows')

    test('three administrators begin, and give everybody a role', { timeout: 300_000 }, async () => {
      const { stdout } = await run(binary, ['account', 'init', '--data', server.data, '--unit', '411025-BM', '--system', 'ma:马超', '--security', 'hu:胡平', '--audit', 'he:何清'])
      for (const [, duty, id, code] of stdout.matchAll(/^(\w+)\t(\w+)\t(\S+)$/gm)) {
        people[duty] = new Person(server.base, id)
        await people[duty].begin(code)
      }
      const { system, security, audit } = people
      await security.go('/desk/people')
      await security.press('form[action$="/desk/roles"] button')
      await audit.go('/desk/people')
      await audit.press('button[value=approve]')
      for (const [id, { name, unit }] of Object.entries(staff)) {
        await system.go('/desk/people')
        for (const [field, value] of Object.entries({ account: id, name, unit, duty: 'business' })) await system.type(field, value)
        await system.press('form[action$="/desk/people"] button')
        people[id] = new Person(server.base, id)
        await people[id].begin(await system.page.locator('.sum .hash').textContent())
      }
      for (const [id, { unit, role, area = '' }] of Object.entries(staff)) {
        await security.go('/desk/people/' + id)
        for (const [field, value] of Object.entries({ role, unit, area })) await security.type(field, value)
        await security.press('form[action$="/grant"] button')
      }
      await audit.go('/desk/people')
      while (await audit.page.locator('button[value=approve]').count()) await audit.press(audit.page.locator('button[value=approve]').first())
      for (const id of Object.keys(staff)) {
        await people[id].go('/desk')
        assert.match(await people[id].page.locator('.bar-form').textContent(), new RegExp(staff[id].name))
      }
    })

    test('two auditors put the rules in force', { timeout: 120_000 }, async () => {
      const { second } = people
      await run(binary, ['rules', 'submit', '--role', 'auditor', '--user', 'auditor', '--unit', staff.auditor.unit, '--data', server.data])
      await second.go('/desk/rules')
      await second.press('button[value=approve]')
      assert.equal(await second.page.locator('main [role=status] .yes').count(), 1, (await second.said()).slice(0, 800))
    })

    test('money comes, the project is planned, approved and given its money', { timeout: 180_000 }, async () => {
      const { maker, township } = people
      const approval = paper('项目批复'), giving = paper('资金分配文件')
      await decided(await maker.enters(['fund.received', '2020-01-07', { fund, name: '省级财政专项扶贫资金', document: '豫财农〔2020〕9001号', level: 'province', year: '2020', issued: '2020-01-02', amount: '60万', function_code: '2130599', principle: '资金到项目、到村、到户' }]))
      await township.enters(['project.listed', '2020-01-08', { ...plan, nature: '新建', estimate: '500000', sources: '财政专项扶贫资金' }])
      await decided(await maker.enters(['project.approved', '2020-01-09', { ...plan, document: '襄扶组〔2020〕9001号', department: '县交通运输局', standard: '每公里39.2万元', responsible: { name: '陈副镇长', post: '副镇长' }, budget: [{ fund, amount: '500,000.00' }], files: [approval] }]))
      await decided(await maker.enters(['fund.allocated', '2020-01-14', { fund, project, amount: '500000', document: '襄财农〔2020〕9014号', files: [giving] }]))
    })

    test('a tender is won, and the contract entered with a slip, which is a warning', { timeout: 240_000 }, async () => {
      const { township, auditor } = people
      await township.enters(['tender.announced', '2020-01-16', { tender, project, name: '大路村道路硬化工程', method: 'open', category: 'works', estimate: '490000', ceiling: '490000', deadline: '2020-02-10T09:30', platform: '公共资源交易平台', sale_from: '2020-01-16', sale_to: '2020-01-23' }])
      const bids = [[winner, '468,000.37', '09:01'], [others[0], '481,250.00', '09:07'], [others[1], '476,300.08', '09:12']]
      await township.enters(...bids.map(([bidder, amount, at]) => ['tender.bid', '2020-02-10', { tender, bidder, amount, at: '2020-02-10T' + at }]))
      await township.enters(['tender.opened', '2020-02-10', { tender, at: '2020-02-10T09:30', members: '5', experts: '4', place: '公共资源交易中心' }])
      await township.enters(['tender.candidates', '2020-02-11', { tender, reported_on: '2020-02-11', candidates: [bids[0], bids[2], bids[1]].map(([bidder, amount]) => ({ bidder, amount })) }])
      const award = paper('中标通知书'), deed = paper('施工合同'), reason = paper('合同金额说明')
      await township.enters(['tender.awarded', '2020-02-17', { tender, winner, amount: '468,000.37', files: [award] }])

      await auditor.go('/alerts')
      await auditor.page.waitForFunction(() => document.getElementById('feed').dataset.now === 'live')
      await township.fill(['contract.signed', '2020-02-20', { contract, project, tender, name: '大路村道路硬化工程施工合同', supplier: winner, amount: '486,000.37', start: '2020-03-02', finish: '2020-06-30', retention: '3', pricing: 'lump', payment_days: '30', labour_share: '18', labour_months: '1', wage_account: true, files: [deed] }, account])
      assert.match(await township.check(), /不能入账.*合同HT2020-01金额486,000\.37元，招标BD2020-01中标价468,000\.37元/)
      assert.equal(await township.page.locator('button[value=submit]').count(), 0, 'held until explained')
      assert.match(await township.explain('agreed', reason), /已说明并附件/)
      await decided(await township.submit())
      await feed().locator('th a', { hasText: contract }).waitFor()
    })

    test('the auditor asks and finds it true; it is taken back, entered anew, and closed by another auditor', { timeout: 240_000 }, async () => {
      const { township, checker, auditor, second } = people
      await auditor.press(feed().locator('th a', { hasText: contract }))
      warning = new URL(auditor.page.url()).pathname
      await step(auditor, warning, 'alert.assigned', { unit: staff.township.unit, opinion: '合同价与中标价相差一万八千元，请说明。' })
      await step(township, warning, 'alert.answered', { opinion: '录入时数字颠倒，合同原件为468,000.37元。' })
      await step(auditor, warning, 'alert.confirmed', { violation: 'V99', adjust: '18000', opinion: '属实，请冲销后重新登记。' })

      const [, wrong] = /所涉分录 \| 第 (\d+) 号/.exec(await auditor.said())
      await township.go('/desk/entries/' + wrong)
      await township.press('main a[href*="/desk/new/entry.reversed"]')
      await township.type('0', { on: '2020-02-24', body: { reason: 'amount' } })
      await township.check()
      const reversal = await township.submit()
      await checker.go(reversal)
      assert.match(await checker.said(), /更正 \| 第 \d+ 号 签订合同 · 2020-02-20 .*486,000\.37/)
      const [reversed] = await decided(reversal)
      await township.go('/desk/entries/' + wrong)
      await township.press('main a[href*="like="]')
      await township.type('0', { on: '2020-02-24', body: { contract: signedAnew, amount: '468,000.37' }, sealed: account })
      await township.check()
      const [anew] = await decided(await township.submit())
      mending = [wrong, reversed, anew]
      await step(township, warning, 'alert.rectified', { correcting_entries: `${reversed} ${anew}`, adjusted: '18000', opinion: '已冲销，并按合同原件重新登记。' })

      await auditor.go(warning)
      await second.go(warning)
      const opinions = new Map([[second, '复核无误，同意销号。'], [auditor, '我也同意。']])
      const buttons = [await stepForm(second, 'alert.closed', { opinion: opinions.get(second) }), await stepForm(auditor, 'alert.closed', { opinion: opinions.get(auditor) })]
      await Promise.all([second.press(buttons[0]), auditor.press(buttons[1])])
      const [won, lost] = second.page.url().endsWith('#history') ? [second, auditor] : [auditor, second]
      assert.match(won.page.url(), /#history$/)
      assert.doesNotMatch(lost.page.url(), /#history$/)
      const told = await lost.said()
      assert.match(told, /✗/)
      assert.ok(new RegExp(`销号 .*${won.account} .*${opinions.get(won)}`).test(told), `what the other did meanwhile: ${told}`)
      assert.ok(told.includes(opinions.get(lost)), `what was typed is kept: ${told}`)
      await second.go(warning)
      assert.match(await second.said(), /已销号/)
      assert.equal(await second.page.locator('#history ~ ol > li', { has: second.page.locator('h3', { hasText: '销号' }) }).count(), 1, 'closed once')
    })

    test('payments beyond the contract and beyond their invoice are refused, and nothing is entered', { timeout: 180_000 }, async () => {
      const { maker, township } = people
      await township.enters(['works.started', '2020-03-02', { project, contract: signedAnew }])
      await maker.fill(['payment.requested', '2020-03-05', { payment: 'ZF2020-90', project, fund, contract: signedAnew, amount: '468,000.38', purpose: '预付款', stage: 'advance' }])
      assert.match(await maker.check(), /超过合同：.*不能入账.*P01 超合同付款 · 拦截/)
      assert.equal(await maker.page.locator('button[value=submit]').count(), 0)
      await maker.type('0.body', { contract: '', amount: '500,000.01', payee: winner })
      assert.match(await maker.check(), /不能入账/, 'more than the project has')
      await maker.type('0.body', { contract: signedAnew, amount: '140,400.11', invoice: { number: '20200001', amount: '100,000.00' } })
      assert.match(await maker.check(), /不能入账.*发票-20200001付款累计140,400\.11元，价税合计100,000\.00元.*P12 发票超付 · 拦截/)
      assert.equal(await maker.page.locator('button[value=submit]').count(), 0)
      const { quotas } = await (await ask(`${server.base}/api/v1/books/${book}/projects/${project}`)).json()
      assert.deepEqual(quotas.map(q => [q.allocated, q.requested, q.paid]), [['500000.00', '0.00', '0.00']])
    })

    test('the works go on and are paid, accepted and settled', { timeout: 300_000 }, async () => {
      const { maker, checker, payer, township } = people
      const papers = [paper('拨付申请书'), paper('发票')]
      const pays = async (n, asked, on) => {
        const [payment, stage, amount] = payments[n]
        await maker.enters(['payment.requested', asked, { payment, project, fund, contract: signedAnew, amount, purpose: '道路硬化工程款', stage, method: 'direct', function_code: '2130599', economic_code: '31005', files: papers }, account])
        await checker.approves('/desk/payments/' + payment)
        await payer.enters(['payment.paid', on, { payment, voucher: 'PZ-000' + n }])
      }
      await pays(0, '2020-03-05', '2020-03-09')
      await township.enters(['works.progressed', '2020-05-06', { project, percent: '60', value: '280,800.22', content: '完成工程量的60%', files: [paper('进度照片')] }])
      await pays(1, '2020-05-08', '2020-05-12')
      await township.enters(['works.completed', '2020-06-24', { project, content: '硬化村内道路1.2公里已完成' }])
      const acceptors = [{ name: '襄城县扶贫办' }, { name: '大路村村务监督委员会' }]
      const forms = [paper('初验表'), paper('竣工验收表'), paper('结算审核报告')]
      await township.enters(['acceptance.passed', '2020-06-30', { project, level: 'township', conclusion: '乡镇初验合格', acceptors, files: [forms[0]] }])
      await township.enters(['acceptance.passed', '2020-07-10', { project, level: 'county', conclusion: '工程量属实，质量合格', acceptors, files: [forms[1]] }])
      await decided(await township.enters(['settlement.audited', '2020-07-24', { contract: signedAnew, amount: '462,500.55', auditor: { name: '河南示例工程咨询有限公司' }, document: '审字〔2020〕9001号', files: [forms[2]] }]))
      await pays(2, '2020-07-28', '2020-07-30')
    })

    test('a villager objects and is answered; the road becomes an asset', { timeout: 120_000 }, async () => {
      const { township } = people
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(`${server.base}/p/${project}`)
      await page.locator('main a[href^="/object"]').first().click()
      await page.locator('#topic').selectOption('quality')
      await page.locator('#text').fill('村东头路面有两处裂缝。')
      await page.locator('main form button').click()
      const told = await page.locator('main').innerText()
      const receipt = /[A-Z2-7]{4}(-[A-Z2-7]{4}){3}/.exec(told)[0], number = /YJ\d{8}-[A-Z2-7]{8}/.exec(told)[0]
      await township.go('/desk/objections')
      await township.press(`a[href="/desk/objections/${number}"]`)
      assert.match(await township.page.locator('blockquote').textContent(), /两处裂缝/)
      const form = township.page.locator('form', { has: township.page.locator('input[value=answer]') })
      await form.locator('[name=question]').fill('大路村东头路面是否有裂缝')
      await form.locator('[name=answer]').fill('现场核查属实，施工单位已修补。')
      await form.locator('[name=objection_outcome]').selectOption('upheld')
      await form.locator('[name=answered_by]').fill('颍阳镇人民政府')
      await township.press(form.locator('button'))
      await page.goto(server.base + '/receipt')
      await page.locator('#number').fill(receipt)
      await page.locator('main form button').click()
      assert.match(await page.locator('main').innerText(), /施工单位已修补/)
      await context.close()
      await township.enters(['asset.registered', '2020-08-03', { asset, project, name: '大路村村内道路1.2公里', class: 'public', owner: '大路村集体', keeper: '大路村村委会', place: village, value: '462,500.55' }])
    })

    test('the project\'s page shows all of it, the sums agree to the fen, and a stranger computes the same', { timeout: 240_000 }, async () => {
      const [page, context] = await open()
      const address = `${server.base}/p/${project}`
      for (const until = Date.now() + 120_000; !(await (await ask(address)).text()).includes('资产登记');) { // pages follow the log, and a browser keeps them for a while
        assert.ok(Date.now() < until, 'the asset is not on the page')
        await new Promise(resolve => setTimeout(resolve, 500))
      }
      await page.goto(address)
      assert.ok(await sideways(page) <= 0)
      await page.screenshot({ path: join(out, 'year.jpg'), type: 'jpeg', quality: 70, fullPage: true })
      assert.equal(await page.locator('h1').textContent(), name)
      assert.equal(await page.locator('ol.stages > li.done').count(), 5, 'five stages')
      const timeline = (await page.locator('ol.stages').innerText()).replaceAll(/\s+/g, ' ')
      for (const kind of ['资金分配', '项目入库', '项目批复', '招标公告', '开标', '中标候选人', '中标', '签订合同', '支付', '开工', '施工进度', '完工', '验收合格', '结算审核', '资产登记']) assert.ok(timeline.includes(kind), kind)
      assert.match(timeline, new RegExp(`签订合同 486,000\\.37 已由第 ${mending[1]} 号冲销`))
      assert.match(timeline, /签订合同 468,000\.37 元/)
      assert.match(timeline, /资产登记 462,500\.55 元/)
      assert.ok(!(await page.content()).includes('ZF2020-90'), 'what was refused is not there')
      assert.match(await page.locator('main').innerText(), /群众反映与答复[\s\S]*已答复[\s\S]*施工单位已修补/)
      assert.ok(!(await page.content()).includes('两处裂缝'), 'what a villager writes is not published')

      const rows = await page.locator('table', { hasText: payments[0][0] }).locator('tbody tr').evaluateAll(all => all.map(tr => [...tr.querySelectorAll('th, td')].map(c => c.textContent.trim())))
      assert.deepEqual(rows.map(r => [r[0], r[5]]).sort(), payments.map(([payment, , amount]) => [payment, amount]))
      assert.equal(rows.reduce((sum, r) => sum + fen(r[5]), 0n), fen(paid))
      assert.match(await page.locator('dl.grid').first().innerText(), new RegExp(`500,000\\.00[\\s\\S]*500,000\\.00[\\s\\S]*${paid}`))
      assert.equal(await page.locator('main .no').count(), 0, 'a sum does not agree')
      const f = await (await ask(`${server.base}/api/v1/books/${book}/funds/${fund}`)).json()
      assert.equal(fen(f.received), fen(f.in_hand) + fen(f.allocated_unpaid) + fen(f.paid) + fen(f.returned))
      assert.deepEqual([f.received, f.in_hand, f.allocated_unpaid, f.paid, f.returned], ['600000.00', '100000.00', '51374.47', '448625.53', '0.00'])
      await context.close()

      const log = `${server.base}/log/${book}`, policy = join(server.folder, 'policy.txt')
      await writeFile(policy, await (await ask(log + '/policy')).text())
      let checked
      for (const until = Date.now() + 60_000; !checked;) { // 3 is that the figures are ahead of the signed log
        checked = await run(verifier, ['log', log, '--policy', policy, '--published', server.base]).catch(e => { if (e.code !== 3 || Date.now() > until) throw e })
      }
      const { stdout, stderr } = checked
      assert.match(stdout + stderr, /recomputed 1 funds and 1 projects: 600000\.00 yuan received, 448625\.53 paid/)
      assert.match(stdout + stderr, /published figures of 1 projects are those of the entries/)
    })
  })
}
