// The public pages in a real browser, on the demonstration county: node run.mjs
//
// It starts ../../bin/yilu serve --demo on a free port with its own data, or takes
// the server at YILU_URL. Pictures of every page type are left in out/. Each page
// type is looked at in every width and language; axe, which takes seconds, sees
// each width, language and colour scheme in some of their combinations, and in all
// of them with YILU_E2E=all.
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import assert from 'node:assert/strict'
import axe from 'axe-core'
import { chromium } from 'playwright-core'

const here = dirname(fileURLToPath(import.meta.url))
const out = join(here, 'out')
// The first, the second and the last are axe's; the others are where tables are
// widest for their window.
const widths = [320, 360, 800, 1000, 1280]
const axeTags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const budget = { list: 25 << 10, project: 14 << 10, css: 6 << 10, requests: 3, total: 30 << 10 }
const crawlPages = 600

let base = process.env.YILU_URL?.replace(/\/$/, '')
let server, data, browser
/** Tokens of an auditor and a maker and the sessions they opened; pages of officers need them. */
let token = process.env.YILU_TOKEN, session, makerToken = process.env.YILU_MAKER_TOKEN, makerSession
const makers = ['import', 'preview', 'grid']
const officers = ['warnings', 'warning', 'files', 'dossiers', 'dossier', 'bank', 'bankbatch', 'ledgers', 'fundledger', 'projectledger', ...makers]
/** A fund that still has money in the project of that page type. */
let fundOfProject
/** sessionOf is that of whoever may see a page type. */
const sessionOf = type => makers.includes(type) ? makerSession : session
/** Address of each page type, found by following the pages' own links. */
const pages = {}

/** freePort finds a port below the range the system hands out by itself. */
async function freePort() {
  for (let port = 20000 + Math.floor(Math.random() * 10000); port < 32768; port++) {
    const free = await new Promise(resolve => {
      const probe = net.createServer().once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
  throw new Error('no free port')
}

async function start() {
  const binary = join(here, '../../bin/yilu')
  assert.ok(existsSync(binary), `${binary} is missing: make build`)
  data = await mkdtemp(join(tmpdir(), 'yilu-e2e-'))
  await chmod(data, 0o755) // PostgreSQL runs as another user when we are root
  const port = await freePort()
  base = `http://127.0.0.1:${port}`
  let log = ''
  server = spawn(binary, ['serve', '--demo', '--data', join(data, 'yilu'), '--listen', `127.0.0.1:${port}`, '--admin', ''], { stdio: ['ignore', 'pipe', 'pipe'] })
  server.stdout.on('data', chunk => { token ??= /auditor.*(yilu_[0-9A-Za-z]{43})/.exec(chunk)?.[1]; makerToken ??= /maker.*(yilu_[0-9A-Za-z]{43})/.exec(chunk)?.[1] })
  server.stderr.on('data', chunk => { log = (log + chunk).slice(-4000) })
  for (const until = Date.now() + 180_000; ;) {
    if (server.exitCode !== null) throw new Error(`yilu ended: ${log}`)
    if (Date.now() > until) throw new Error(`yilu is not ready: ${log}`)
    try { if ((await get('/')).status === 200) return } catch { /* not yet */ }
    await new Promise(resolve => setTimeout(resolve, 250))
  }
}

/** get asks without a browser and counts the bytes on the wire. */
function get(path, headers = {}) {
  return new Promise((resolve, reject) => {
    http.get(base + path, { headers: { 'accept-encoding': 'gzip', ...headers } }, r => {
      const chunks = []
      r.on('data', c => chunks.push(c)).on('error', reject)
      r.on('end', () => resolve({ status: r.statusCode, headers: r.headers, body: Buffer.concat(chunks) }))
    }).on('error', reject)
  })
}

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', storageState: session, ...options })
  return [await context.newPage(), context]
}

/** cookie is the header of the session for pages of officers. */
const cookie = type => officers.includes(type) ? { cookie: sessionOf(type).cookies.map(c => `${c.name}=${c.value}`).join('; ') } : {}

/** linksOf lists the addresses a page links to, without fragments. */
const linksOf = page => page.$$eval('a[href]', all => all.map(a => a.getAttribute('href').split('#')[0]).filter(Boolean))

async function discover() {
  const [page, context] = await open()
  const first = async (from, pattern) => {
    await page.goto(base + from)
    const found = (await linksOf(page)).find(link => pattern.test(link))
    assert.ok(found, `${from} links to no ${pattern}`)
    return found
  }
  Object.assign(pages, {
    county: '/', about: '/about', funds: '/funds', documents: '/documents', projects: '/projects', payments: '/payments',
    payees: '/payees', entries: '/entries', search: '/search?q=%E9%A2%8D%E9%98%B3', data: '/data', check: '/check', contracts: '/contracts',
    tenders: '/tenders', bidders: '/bidders', bids: '/bids', allocations: '/allocations', grantlist: '/grants', missing: '/none', empty: '/projects?text=%F0%A0%85%A4',
  })
  pages.fund = await first('/funds', /^\/funds\/./)
  pages.document = await first('/funds', /^\/documents\/-\/no=/)
  pages.township = await first('/', /^\/places\/\d{9}$/)
  pages.project = await first('/projects?state=accepted&type=construction', /^\/p\/./)
  pages.grants = await first('/projects?type=industry&state=accepted', /^\/p\/./)
  pages.village = await first(pages.project, /^\/places\/\d{12}$/)
  pages.payment = await first(pages.project, /^\/payments\/./)
  pages.payee = await first(pages.project, /^\/payees\/./)
  pages.entry = await first(pages.payment, /^\/entries\/./)
  const seq = /entry=(\d+)$/.exec(pages.entry)[1]
  pages.proof = `/entries/${seq}/proof`
  const leaf = `/log/411025/leaf/${seq}`
  for (const until = Date.now() + 60_000; (await get(leaf)).status !== 200;) { // until it is signed
    assert.ok(Date.now() < until, `${leaf} is not published`)
    await new Promise(resolve => setTimeout(resolve, 250))
  }
  pages.log = '/log'
  pages.notices = '/notices'
  pages.notice = await first('/notices?stage=P7&level=village', /^\/notices\/./)
  pages.plan = await first('/notices?stage=P3&level=county', /^\/notices\/./)
  pages.poster = pages.notice + '/poster'
  pages.coverage = '/coverage?place=411025103'
  pages.objections = '/objections'
  pages.object = '/object?notice=' + pages.notice.split('/').pop()
  pages.paper = '/c/000000000000'
  pages.rules = '/rules'
  pages.rule = await first('/rules', /^\/rules\/./)
  pages.enter = '/alerts?state=all'
  pages.warnings = '/alerts?state=all'
  await enter(page)
  for (const until = Date.now() + 60_000; !pages.warning;) { // until the engine has judged the county
    await page.goto(base + pages.warnings)
    pages.warning = (await linksOf(page)).find(link => /^\/alerts\/a-/.test(link))
    assert.ok(Date.now() < until, 'no warnings were raised')
  }
  session = await context.storageState()
  Object.assign(pages, {
    files: '/desk/files', dossiers: '/desk/dossier', bank: '/desk/bank', ledgers: '/desk/ledger', import: '/desk/import', grid: '/desk/grid',
    dossier: pages.project.replace('/p/', '/desk/dossier/'), projectledger: pages.project.replace('/p/', '/desk/ledger/projects/'),
    fundledger: pages.fund.replace('/funds/', '/desk/ledger/funds/'),
  })
  pages.bankbatch = await first('/desk/bank', /^\/desk\/bank\/./)
  fundOfProject = (await first(pages.project, /^\/funds\/./)).split('/').pop()
  await asMaker()
  pages.bidder = await first('/bidders', /^\/bidders\/./)
  pages.batch = await first('/payees', /^\/payments\/./)
  await context.close()
}

/** payments is a sheet of payment requests for the project of a page type. */
const payments = (...rows) => Buffer.from(['日期,资金编号,项目编号,收款人全称,金额,用途', ...rows.map(([amount, payee]) => `2020-12-20,${fundOfProject},${pages.project.split('/').pop()},${payee ?? '某某建设有限公司'},${amount},款`)].join('\n'))

/** uploads sends a sheet by the form and waits for its preview. */
async function uploads(page, buffer) {
  await page.goto(base + '/desk/import')
  await page.locator('#sheetform').selectOption('payment')
  await page.locator('#file').setInputFiles({ name: '支付表.csv', mimeType: 'text/csv', buffer })
  await page.locator('button', { hasText: '上传并检查' }).click()
  await page.waitForFunction(() => document.querySelectorAll('main h2').length > 0)
}

/** asMaker opens the maker's session and leaves a sheet with bad rows as page type. */
async function asMaker() {
  const [page, context] = await open({ storageState: undefined })
  await page.goto(base + '/desk/import')
  await page.locator('#token').fill(makerToken)
  await page.locator('form.one button').click()
  await uploads(page, payments(['12.345'], ['100'], ['约5']))
  pages.preview = new URL(page.url()).pathname
  makerSession = await context.storageState()
  await context.close()
}

/** enter shows the auditor's token where the page of warnings asks for it. */
async function enter(page) {
  await page.goto(base + pages.warnings)
  await page.locator('#token').fill(token)
  await page.locator('form.one button').click()
  assert.equal(page.url(), base + pages.warnings)
}

/** sideways is by how many pixels the page is wider than the window. */
const sideways = page => page.evaluate(() => {
  const root = document.scrollingElement
  return Math.max(root.scrollWidth, document.body.scrollWidth) - root.clientWidth
})

/** overlaps lists labels of a visible picture that lie on one another. */
const overlaps = page => page.$$eval('svg', pictures => pictures.flatMap(svg => {
  const boxes = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]).filter(([, b]) => b.width > 0)
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
    .filter(([, q]) => p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 2 && q.top < p.bottom - 2)
    .map(([b]) => `${a} on ${b}`))
}))

/** violations runs axe on the page as it is shown now. */
const violations = page => page.evaluate(async tags => {
  const found = await axe.run(document, { runOnly: tags, resultTypes: ['violations'], preload: false })
  return found.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html).join(' | ')}`)
}, axeTags)

/** Which combinations axe sees, and which are pictured. */
const everything = process.env.YILU_E2E === 'all'
const seenByAxe = ['zh 360 light', 'zh 1280 dark', 'en 320 light']
const pictured = ['zh 360 light', 'zh 1280 dark']

async function look(type, language) {
  const path = (language === 'en' ? '/en' : '') + pages[type]
  const [page, context] = await open({ viewport: { width: widths[0], height: 740 }, storageState: type === 'enter' ? undefined : sessionOf(type) })
  try {
    await page.goto(base + path)
    assert.equal(await page.locator('html').getAttribute('lang'), language === 'en' ? 'en' : 'zh-CN', path)
    assert.equal(await page.locator('script').count(), ['proof', 'grid'].includes(type) ? 1 : 0, `${path}: scripts`)
    await page.evaluate(axe.source)
    for (const width of widths) {
      await page.setViewportSize({ width, height: 740 })
      assert.ok(await sideways(page) <= 0, `${path} at ${width} scrolls sideways`)
      assert.deepEqual(await overlaps(page), [], `${path} at ${width}: labels`)
      for (const colorScheme of ['light', 'dark']) {
        const how = `${language} ${width} ${colorScheme}`
        const checked = seenByAxe.includes(how) || everything && width !== 800 && width !== 1000
        if (!checked && !pictured.includes(how)) continue
        await page.emulateMedia({ colorScheme })
        if (checked) assert.deepEqual(await violations(page), [], `${path}: ${how}`)
        if (pictured.includes(how)) await page.screenshot({ path: join(out, `${type} ${how}.jpg`.replaceAll(' ', '-')), type: 'jpeg', quality: 70, fullPage: true, timeout: 120_000 })
      }
    }
    await page.setViewportSize({ width: 320, height: 740 })
    await page.evaluate(() => { document.documentElement.style.fontSize = '225%' })
    assert.ok(await sideways(page) <= 0, `${path} at 320 with 200 % text scrolls sideways`)
  } finally {
    await context.close()
  }
}

const types = ['county', 'about', 'funds', 'fund', 'document', 'documents', 'township', 'village', 'projects', 'project', 'grants', 'payments',
  'payment', 'batch', 'payees', 'payee', 'entries', 'entry', 'missing', 'empty', 'rules', 'rule', 'enter', 'search', 'data', 'check',
  'contracts', 'tenders', 'bidders', 'bids', 'allocations', 'grantlist', 'notices', 'notice', 'plan', 'coverage', 'objections', 'object', 'paper', ...officers]

describe('the public pages', () => {
  before(async () => {
    await rm(out, { recursive: true, force: true })
    await mkdir(out, { recursive: true })
    if (!base) await start()
    const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(p => p && existsSync(p))
    assert.ok(executablePath, 'chromium is missing: apt-get install chromium fonts-noto-cjk')
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
        '--disable-sync', '--disable-dev-shm-usage', '--no-proxy-server', '--lang=zh-CN'],
    })
    await discover()
  }, { timeout: 240_000 })

  after(async () => {
    await browser?.close()
    if (server && server.exitCode === null) {
      const ended = new Promise(resolve => server.once('exit', resolve))
      server.kill('SIGTERM')
      await ended
    }
    if (data) await rm(data, { recursive: true, force: true })
  })

  describe(`each page type: axe, reflow at ${widths.join(', ')}, 200 % text, no overlapping labels, no script`, { concurrency: 2 }, () => {
    for (const type of types) {
      test(type, { timeout: 240_000 }, async () => {
        await look(type, 'zh')
        await look(type, 'en')
      })
    }
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
      for (const type of types.filter(t => !['missing', 'log', 'proof', 'rules', 'rule', 'enter', 'object', ...officers].includes(t))) {
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

  describe('without JavaScript', () => {
    test('a villager finds a project by its township', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + '/projects')
      await page.locator('select[name=place]').selectOption({ index: 3 })
      await page.locator('form button').click()
      assert.match(page.url(), /[?&]place=\d{9}/)
      await page.locator('main table a').first().click()
      assert.match(page.url(), /\/p\//)
      assert.ok(await page.locator('ol.stages > li').count() === 5, 'five stages')
      await page.locator('a.lang').click()
      assert.match(page.url(), /\/en\/p\//)
      await context.close()
    })
    test('from a document down to a payee and back', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + pages.document)
      await page.locator('a[href^="/payees/"]').first().click()
      assert.match(page.url(), /\/payees\//)
      await page.locator('main a[href^="/documents/-/no="]').first().click()
      assert.match(page.url(), /\/documents\/-\/no=/)
      await context.close()
    })
    test('a villager searches, and takes the list home', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
      await page.goto(base + '/')
      await page.locator('header a[href="/search"]').click()
      await page.locator('input[name=q]').fill('颍阳')
      await page.locator('form button').click()
      await page.locator('main li a[href^="/places/"]').first().click()
      assert.match(page.url(), /\/places\/\d+$/)
      const link = await page.locator('main a[href$="/list.csv"]').first().getAttribute('href')
      const r = await get(link, { 'accept-encoding': 'identity' })
      assert.equal(r.status, 200)
      assert.match(r.headers['content-disposition'], /^attachment; filename\*=UTF-8''/)
      assert.equal(r.body.subarray(0, 3).toString('hex'), 'efbbbf')
      await context.close()
    })
  })

  describe('officers without JavaScript', () => {
    test('a step that is refused keeps what was typed, and then is taken', async () => {
      const [page, context] = await open({ javaScriptEnabled: false })
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
      await page.goto(base + pages.warnings)
      await page.locator('form.bar-form button').click()
      await page.goto(base + pages.warnings)
      assert.ok(await page.locator('#token').isVisible(), 'left')
      await context.close()
      const [again, other] = await open({ storageState: undefined })
      await enter(again)
      session = await other.storageState()
      await other.close()
    })
  })

  describe('sheets', () => {
    test('bad rows are all said, and a mended sheet is submitted, without JavaScript', async () => {
      const [page, context] = await open({ javaScriptEnabled: false, storageState: makerSession })
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
      const [page, context] = await open({ storageState: makerSession, viewport: { width: 1280, height: 740 } })
      await page.goto(base + '/desk/grid')
      const rows = Array.from({ length: 9 }, (_, i) => [fundOfProject, pages.project.split('/').pop(), '', '某某建设有限公司', '', '', '', '', i === 2 ? '１.234' : `0.0${i + 1}`, '"进度\n款"', '进度款'].join('\t')).join('\r\n')
      await page.locator('#fund-1').focus()
      await page.evaluate(text => {
        const clipboardData = new DataTransfer()
        clipboardData.setData('text/plain', text)
        document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
      }, rows)
      assert.equal(await page.locator('tbody tr').count(), 9, 'rows are added')
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
      const [page, context] = await open({ viewport: { width: 1123, height: 794 } })
      await page.goto(base + pages.fundledger)
      await page.emulateMedia({ media: 'print' })
      assert.ok(!await page.locator('.bar-form').isVisible(), 'the desk is not printed')
      assert.equal(await page.locator('thead').first().evaluate(e => getComputedStyle(e).display), 'table-header-group')
      await page.pdf({ path: join(out, 'fund-ledger.pdf'), preferCSSPageSize: true, tagged: true })
      await context.close()
    })
  })

  describe('an entry is checked in the browser', () => {
    /** check presses the button and returns what the steps and the verdict say. */
    async function check(page) {
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
        for (const [, found] of r.body.toString().matchAll(/href="([^"#]+)/g)) {
          const link = found.replaceAll('&amp;', '&').replaceAll('&#43;', '+')
          if (!link.startsWith('/') || link.includes('/alerts') || seen.has(link)) continue
          const n = (taken.get(kind(link)) ?? 0) + 1
          taken.set(kind(link), n)
          if (n <= 60) queue.push(link)
        }
      }
      console.log(`# ${seen.size} pages reached`)
    })
  })
})
