// Helps with the forms of the desk; all of it works without: capital numerals while an
// amount is typed, what is left of its source, drafts kept while one types and opened by
// going back, and no submission by the Enter that only picks a character.
'use strict'
{
  const form = document.querySelector('form.desk')
  const digits = '零壹贰叁肆伍陆柒捌玖'

  /** whole writes a whole number of yuan in capital numerals, as ledger.Amount.Upper. */
  function whole(n) {
    for (const [size, name] of [[100000000n, '亿'], [10000n, '万']]) {
      if (n < size) continue
      const rest = n % size
      return whole(n / size) + name + (rest === 0n ? '' : (rest < size / 10n ? '零' : '') + whole(rest))
    }
    let text = '', zero = false
    for (const [size, name] of [[1000n, '仟'], [100n, '佰'], [10n, '拾'], [1n, '']]) {
      const d = n / size % 10n
      if (d === 0n) { zero = text !== ''; continue }
      text += (zero ? '零' : '') + digits[Number(d)] + name
      zero = false
    }
    return text
  }

  /** fen reads an amount as people type it, or nothing. */
  function fen(typed) {
    let text = typed.normalize('NFKC').replace(/[,，\s¥]/g, '').replace(/元$/, '')
    let places = 2
    if (text.endsWith('万')) { text = text.slice(0, -1); places = 6 }
    const m = /^(-?)(\d{1,14})(?:\.(\d+))?$/.exec(text)
    if (!m) return undefined
    const part = (m[3] ?? '').padEnd(places, '0')
    if (/[1-9]/.test(part.slice(places))) return undefined
    const n = BigInt(m[2] + part.slice(0, places))
    return m[1] ? -n : n
  }

  function upper(typed) {
    let n = fen(typed)
    if (n === undefined) return ''
    if (n === 0n) return '零元整'
    const sign = n < 0n ? '负' : ''
    if (n < 0n) n = -n
    const yuan = n / 100n, jiao = n / 10n % 10n, cents = n % 10n
    let text = yuan > 0n ? whole(yuan) + '元' : ''
    if (jiao === 0n && cents === 0n) return sign + text + '整'
    if (jiao === 0n ? yuan > 0n : yuan > 0n && yuan % 10n === 0n) text += '零'
    if (jiao > 0n) text += digits[Number(jiao)] + '角'
    if (cents > 0n) text += digits[Number(cents)] + '分'
    return sign + text
  }

  /** rest asks what is left when the source of an amount has changed. */
  async function rest(input) {
    const m = /^(\d+)\.body\.(fund|project|contract|payment)$/.exec(input.name)
    const amount = m && form.elements[`${m[1]}.body.amount`]
    if (!amount) return
    const query = new URLSearchParams({ kind: form.elements[`${m[1]}.kind`].value })
    for (const name of ['fund', 'project', 'contract', 'payment']) {
      const value = form.elements[`${m[1]}.body.${name}`]?.value.trim()
      if (value) query.set(name, value)
    }
    const answer = await fetch(`${saved.dataset.rest}?${query}`)
    if (!answer.ok) return
    const lines = (await answer.json()).rest ?? []
    amount.parentElement.querySelector('.rest')?.remove()
    if (!lines.length) return
    const list = document.createElement('ul')
    list.className = 'rest'
    for (const line of lines) list.append(Object.assign(document.createElement('li'), { textContent: line }))
    amount.parentElement.querySelector('.upper').after(list)
  }

  const saved = document.getElementById('saved')
  let waiting, changed = false, sending = false

  /** keep sends what was typed to be kept as a draft, while one types. */
  async function keep() {
    if (!changed || sending) return
    changed = false
    sending = true
    try {
      const body = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === 'string'))
      body.set('act', 'keep')
      const answer = await fetch(form.action, { method: 'POST', body })
      const version = answer.headers.get('Draft-Version')
      if (answer.status === 204 && version) {
        form.elements.version.value = version
        saved.textContent = saved.dataset.kept.replace('{0}', new Date().toLocaleTimeString('zh-CN', { timeZone: 'Asia/Shanghai', hour12: false }))
      } else if (answer.status === 409) {
        saved.textContent = saved.dataset.stale
      }
    } catch { changed = true } finally { sending = false }
  }

  if (form) {
    form.addEventListener('input', event => {
      const box = event.target
      if (box.classList.contains('amount')) box.parentElement.querySelector('.upper').textContent = upper(box.value)
      changed = true
      clearTimeout(waiting)
      waiting = setTimeout(keep, 5000)
    })
    form.addEventListener('change', event => rest(event.target))
    form.addEventListener('keydown', event => {
      if (event.key === 'Enter' && (event.isComposing || event.keyCode === 229)) event.preventDefault()
    })
    form.addEventListener('submit', () => clearTimeout(waiting))
    document.querySelector('.problems')?.focus()
    // What a button made of the form has no address; the draft that it is kept as has one:
    // going back and loading anew open that, and the browser does not ask to send again.
    if (location.pathname.endsWith('/desk/form') && Number(form.elements.version?.value) > 0 && !document.getElementById('stale')) {
      history.replaceState(null, '', location.pathname.replace(/form$/, 'drafts/' + form.elements.draft.value))
    }
  }

  const all = document.getElementById('all')
  all?.addEventListener('change', () => {
    for (const box of document.querySelectorAll('input[name=item]')) box.checked = all.checked
  })
}
