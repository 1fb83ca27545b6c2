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
/** An auditor's token and the session it opened; pages of officers need it. */
let token = process.env.YILU_TOKEN, session
const officers = ['warnings', 'warning', 'soon', 'payees_warned', 'reports', 'precision', 'acts', 'proposals', 'propose', 'health']
/** Of these some run our one script. */
const scripted = ['warnings', 'soon', 'payees_warned']
let port, makerToken
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

const binary = join(here, '../../bin/yilu')

async function start() {
  assert.ok(existsSync(binary), `${binary} is missing: make build`)
  data = await mkdtemp(join(tmpdir(), 'yilu-e2e-'))
  await chmod(data, 0o755) // PostgreSQL runs as another user when we are root
  port = await freePort()
  base = `http://127.0.0.1:${port}`
  await serve()
}

/** serve runs the server on its data until it answers; stop ends it. */
async function serve() {
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

async function stop(signal = 'SIGTERM') {
  const ended = new Promise(resolve => server.once('exit', resolve))
  server.kill(signal)
  await ended
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
const cookie = type => officers.includes(type) ? { cookie: session.cookies.map(c => `${c.name}=${c.value}`).join('; ') } : {}

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
  Object.assign(pages, { soon: '/alerts?queue=soon&days=30', payees_warned: '/alerts?state=all&by=payee', reports: '/desk/reports', precision: '/desk/precision', acts: '/desk/acts',
    proposals: '/desk/rules', propose: '/desk/rules/P13', health: '/desk/health' })
  await enter(page)
  for (const until = Date.now() + 60_000; !pages.warning;) { // until the engine has judged the county
    await page.goto(base + pages.warnings)
    pages.warning = (await linksOf(page)).find(link => /^\/alerts\/a-/.test(link))
    assert.ok(Date.now() < until, 'no warnings were raised')
  }
  session = await context.storageState()
  pages.bidder = await first('/bidders', /^\/bidders\/./)
  pages.batch = await first('/payees', /^\/payments\/./)
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
  const [page, context] = await open({ viewport: { width: widths[0], height: 740 }, ...(type === 'enter' && { storageState: undefined }) })
  try {
    await page.goto(base + path)
    assert.equal(await page.locator('html').getAttribute('lang'), language === 'en' ? 'en' : 'zh-CN', path)
    assert.equal(await page.locator('script').count(), type === 'proof' || scripted.includes(type) ? 1 : 0, `${path}: scripts`)
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
    if (server && server.exitCode === null) await stop()
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

  describe('auditors', () => {
    let last = 0
    /** warn has a blocking rule refuse a payment, which is a warning; it returns when the answer came. */
    async function warn() {
      last++
      const body = { id: `e2e-${last}`, kind: 'payment.requested', on: '2020-12-28', body: { payment: `E2E-${last}`, project: 'BC2020-01', fund: 'ZJ2020-5', amount: '9.00', purpose: '测试', payee: { name: '某公司' },
        invoice: { number: String(88880000 + last), amount: '1.00' } } }
      const r = await fetch(base + '/api/v1/books/411025/entries', { method: 'POST', headers: { authorization: `Bearer ${makerToken}`, 'content-type': 'application/json' }, body: JSON.stringify(body) })
      assert.equal(r.status, 422)
    }
    const live = page => page.waitForFunction(() => document.getElementById('feed').dataset.now === 'live')
    const top = page => page.locator('#rows th a').first().textContent()
    const arrives = (page, n) => page.waitForFunction(text => document.querySelector('#rows th a').textContent.includes(text), String(88880000 + n))

    test('the list grows by itself, and never under the pointer, the focus or a pause', { timeout: 60_000 }, async () => {
      const [page, context] = await open({ viewport: { width: 1280, height: 900 } })
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
      const [page, context] = await open({ viewport: { width: 1280, height: 900 } })
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
      const [page, context] = await open({ javaScriptEnabled: false })
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
    test('a server that is restarted: no event is lost or told twice', { timeout: 120_000 }, async t => {
      if (process.env.YILU_URL) return t.skip('the server is not ours')
      const [page, context] = await open({ viewport: { width: 1280, height: 900 } })
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
        const [again] = [await context.newPage()]
        await again.goto(base + pages.warnings) // sessions of tokens end with the process
        if (await again.locator('#token').count()) await enter(again)
        await again.close()
        await live(page)
        await warn()
        await arrives(page, last)
      }
      const feed = await (await fetch(`${base}/api/v1/books/411025/alerts/feed?after=${first}&limit=500`, { headers: { authorization: `Bearer ${token}` } })).json()
      const want = feed.items.map(e => e.seq)
      await page.waitForFunction(n => window.ids.length >= n, want.length)
      assert.deepEqual(await page.evaluate(() => window.ids), want)
      session = await context.storageState()
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
      const seen = new Set(), queue = [...Object.values(pages).filter(p => p !== pages.missing && !p.startsWith('/alerts')), '/en/']
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
