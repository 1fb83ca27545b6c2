// A person at a desk: an account, an authenticator, and one window that stays open.
import { createHmac } from 'node:crypto'
import assert from 'node:assert/strict'
import { open } from './browser.mjs'

/** The password that everybody sets, and the length of an authenticator's step. */
const password = 'Xiangcheng-2020-zhanghu'
const stepLength = 30_000

/** fromBase32 reads a secret as an authenticator does. */
function fromBase32(text) {
  const bits = [...text.replaceAll(/[\s=]/g, '')].map(c => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  return Buffer.from(bits.match(/[01]{8}/g).map(b => parseInt(b, 2)))
}

/** codeAt is the code of a step, RFC 6238. */
function codeAt(secret, step) {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const sum = createHmac('sha1', secret).update(counter).digest()
  return String((sum.readUInt32BE(sum.at(-1) & 0xf) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** paper is a document as forms take it: by its name, see type. */
export const paper = name => ({ paper: name + '.txt' })

export class Person {
  constructor(base, account) {
    Object.assign(this, { base, account, used: 0 })
  }

  /** code is one that was not given before: of this half minute, or of the next. */
  async code() {
    const now = () => Math.floor(Date.now() / stepLength)
    while (this.used > now()) await new Promise(resolve => setTimeout(resolve, 250))
    this.used = Math.max(this.used + 1, now())
    return codeAt(this.secret, this.used)
  }

  /** begin sets the password by a one-time code and enrols the authenticator. */
  async begin(oneTime) {
    [this.page, this.context] = await open({ viewport: { width: 1280, height: 900 } })
    await this.go('/desk/begin')
    await this.page.locator('#account').fill(this.account)
    await this.page.locator('#code').fill(oneTime)
    await this.page.locator('#password').fill(password)
    await this.page.locator('#again').fill(password)
    await this.press('form.one button')
    assert.equal(new URL(this.page.url()).pathname, '/desk/factor', await this.said())
    this.secret = fromBase32(await this.page.locator('figcaption .hash').textContent())
    await this.page.locator('#code').fill(await this.code())
    await this.press('form.one button')
    assert.notEqual(new URL(this.page.url()).pathname, '/desk/factor', await this.said())
  }

  go(path) { return this.page.goto(this.base + path) }

  /** said is what the page tells, for messages of failed checks. */
  async said() { return (await this.page.locator('main').innerText()).replaceAll(/\s*\n\s*/g, ' | ').replaceAll(/\s+/g, ' ').slice(0, 4000) }

  /** press clicks and waits for the page that comes; where a fresh code is asked for, it is given. */
  async press(selector, options = {}) {
    const button = typeof selector === 'string' ? this.page.locator(selector, options) : selector
    try {
      await Promise.all([this.page.waitForNavigation(), button.click()])
    } catch (e) {
      throw new Error(`${selector} at ${this.page.url()}: ${e.message}: ${await this.said()}`)
    }
    if (await this.page.locator('#confirm_code').count() === 0) return
    await this.page.locator('#confirm_code').fill(await this.code())
    await Promise.all([this.page.waitForNavigation(), this.page.locator('form.one button').click()])
  }

  /** type fills in what stands at a place of a form: texts, groups of them, or rows, of which it adds what is missing. */
  async type(at, value) {
    if (Array.isArray(value)) {
      for (const [i, row] of value.entries()) {
        if (await this.page.locator(`[name^="${at}.${i}."]`).count() === 0) await this.press(`button[value="more:${at}"]`)
        await this.type(`${at}.${i}`, row)
      }
      return
    }
    if (value.paper) { // uploaded with the form the first time, and chosen from what is there after that
      const choice = this.page.locator(`select[name="${at}.sha256"] option`, { hasText: value.paper })
      if (await choice.count() > 0) await this.page.locator(`select[name="${at}.sha256"]`).selectOption(await choice.first().getAttribute('value'))
      else await this.page.locator(`[name="${at}.upload"]`).setInputFiles({ name: value.paper, mimeType: 'text/plain', buffer: Buffer.from(value.paper + '，演示\n') })
      return
    }
    if (typeof value === 'object') {
      for (const [name, part] of Object.entries(value)) await this.type(`${at}.${name}`, part)
      return
    }
    const input = this.page.locator(`[name="${at}"]`).first()
    const [tag, kind] = await input.evaluate(e => [e.tagName, e.type])
    if (kind === 'checkbox') await this.page.locator(`[name="${at}"][value="${value === true ? 1 : value}"]`).check()
    else if (tag === 'SELECT') await input.selectOption(value)
    else await input.fill(value)
  }

  /** fill opens a form and types one entry, or several that are submitted together: [kind, day, body, sealed]. */
  async fill(first, ...more) {
    await this.go(`/desk/new/${first[0]}`)
    await this.entry(0, first)
    for (const [i, entry] of more.entries()) {
      await this.page.locator('#another').selectOption(entry[0])
      await this.press('button[value=another]')
      await this.entry(i + 1, entry)
    }
  }

  async entry(n, [, on, body, sealed = {}]) {
    await this.type(`${n}.on`, on)
    await this.type(`${n}.body`, body)
    await this.type(`${n}.sealed`, sealed)
  }

  /** check asks for the pre-check and returns what it says. */
  async check() {
    await this.press('p.buttons button[value=check]')
    return this.said()
  }

  /** explain answers what rules hold, with a reason and a paper, and checks again. */
  async explain(ground, file) {
    for (const select of await this.page.locator('select[name$=".ground"]').all()) {
      const at = (await select.getAttribute('name')).replace(/\.ground$/, '')
      await select.selectOption(ground)
      await this.type(at + '.file', file)
    }
    return this.check()
  }

  /** submit takes a checked form in, and returns where it is now. */
  async submit() {
    assert.equal(await this.page.locator('button[value=submit]').count(), 1, await this.said())
    await this.press('button[value=submit]')
    assert.match(this.page.url(), /done=1$/, await this.said())
    return new URL(this.page.url()).pathname
  }

  /** enters fills in, checks and submits. */
  async enters(...entries) {
    await this.fill(...entries)
    await this.check()
    return this.submit()
  }

  /** approves decides on what waits at an address. */
  async approves(path) {
    await this.go(path)
    await this.press('button[value=approve]')
    assert.match(this.page.url(), /done=1$/, await this.said())
  }
}
