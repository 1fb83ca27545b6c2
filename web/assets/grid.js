// Helps with the grid of payments: keys, pasting from a sheet, sums, and what is wrong
// with a row while the next one is typed. Without it the page works by its buttons.
'use strict'
{
  const form = document.querySelector('form.rows'), body = form.querySelector('tbody')
  const most = Number(form.dataset.most)
  const cell = (row, name) => document.getElementById(`${name}-${row}`)
  const names = [...body.rows[0].querySelectorAll('[name]')].map(x => x.name.split('-')[0])
  const count = () => body.rows.length
  const place = x => { const [name, row] = x.name.split('-'); return { column: names.indexOf(name), row: Number(row) } }

  /** addRow copies the last row, empty, under the next number. */
  function addRow() {
    if (count() >= most) return false
    const row = body.rows[count() - 1].cloneNode(true), n = count() + 1
    row.querySelector('th').firstChild.textContent = n
    for (const p of row.querySelectorAll('p')) p.remove()
    for (const x of row.querySelectorAll('[name]')) {
      const name = x.name.split('-')[0]
      x.id = x.name = `${name}-${n}`
      x.value = ''
      x.setAttribute('aria-label', x.getAttribute('aria-label').replace(/\d+/, n))
      x.removeAttribute('aria-invalid')
      x.removeAttribute('aria-describedby')
    }
    body.append(row)
    form.elements.rows.value = n
    return true
  }

  /** cellsOf reads what a spreadsheet copies: tabs, line ends, quotes around both. */
  function cellsOf(text) {
    const lines = [[]]
    let value = '', quoted = false
    const end = () => { lines[lines.length - 1].push(value.trim()); value = '' }
    for (let i = 0; i < text.length; i++) {
      const c = text[i]
      if (quoted) {
        if (c !== '"') value += c
        else if (text[i + 1] === '"') { value += c; i++ } else quoted = false
      } else if (c === '"' && value === '') quoted = true
      else if (c === '\t') end()
      else if (c === '\n') { end(); lines.push([]) } else if (c !== '\r') value += c
    }
    end()
    if (lines[lines.length - 1].join('') === '') lines.pop()
    return lines
  }

  /** put fills a cell; a choice takes a word that it has. */
  function put(x, value) {
    if (x.tagName === 'SELECT') x.value = [...x.options].some(o => o.value === value) ? value : ''
    else x.value = value
  }

  form.addEventListener('paste', event => {
    const text = event.clipboardData.getData('text/plain')
    if (!event.target.name || !/[\t\n]/.test(text) || place(event.target).column < 0) return
    event.preventDefault()
    const from = place(event.target)
    cellsOf(text).forEach((line, i) => {
      const row = from.row + i
      if (row > count() && !addRow()) return
      line.forEach((value, j) => { if (from.column + j < names.length) put(cell(row, names[from.column + j]), value) })
    })
    sum()
    later()
  })

  // While pinyin is composed, Enter chooses characters and submits nothing.
  form.addEventListener('keydown', event => {
    const x = event.target
    if (event.isComposing || event.keyCode === 229 || x.tagName === 'BUTTON' || !/-\d+$/.test(x.name || '')) return
    const { column, row } = place(x)
    if (column < 0) return
    const down = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (down && (event.key === 'Enter' || x.tagName !== 'SELECT' && !x.list)) {
      event.preventDefault()
      if (row + down > count()) addRow()
      cell(row + down, names[column])?.focus()
    }
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const edge = x.tagName === 'SELECT' || (side < 0 ? x.selectionEnd === 0 : x.selectionStart === x.value.length)
    if (side && edge && names[column + side]) {
      event.preventDefault()
      cell(row, names[column + side]).focus()
    }
  })

  /** fen reads an amount as people type it, in 分; 0n for what is none. */
  function fen(text) {
    const plain = text.replace(/[０-９．，]/g, c => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).replace(/[,\s¥￥元]/g, '')
    const m = /^(\d{1,13})(?:\.(\d{0,2}))?$/.exec(plain)
    return m ? BigInt(m[1]) * 100n + BigInt((m[2] || '').padEnd(2, '0')) : 0n
  }

  /** upper writes 分 in capital numerals. */
  function upper(n) {
    const digits = '零壹贰叁肆伍陆柒捌玖', units = ['', '拾', '佰', '仟']
    let yuan = n / 100n, text = '', zero = false
    const groups = []
    for (; yuan > 0n; yuan /= 10000n) groups.unshift(Number(yuan % 10000n))
    groups.forEach((group, i) => {
      let part = ''
      for (let p = 3; p >= 0; p--) {
        const d = Math.floor(group / 10 ** p) % 10
        if (d === 0) zero = text + part !== ''
        else { part += (zero ? '零' : '') + digits[d] + units[p]; zero = false }
      }
      text += part + (group ? ['', '万', '亿', '万亿'][groups.length - 1 - i] : '')
    })
    const jiao = Number(n / 10n % 10n), cent = Number(n % 10n)
    if (text) text += '元'
    if (jiao + cent === 0) return (text || '零元') + '整'
    return text + (jiao ? digits[jiao] + '角' : text ? '零' : '') + (cent ? digits[cent] + '分' : '整')
  }

  function sum() {
    let total = 0n
    for (let row = 1; row <= count(); row++) total += fen(cell(row, 'amount').value)
    const text = `${total / 100n}`.replace(/\B(?=(\d{3})+$)/g, ',') + '.' + `${total % 100n}`.padStart(2, '0')
    document.getElementById('sum').textContent = text
    document.getElementById('upper').textContent = upper(total)
  }

  /** say shows what is wrong beside an input, or takes it away. */
  function say(x, text) {
    const id = `${x.id}-e`
    let p = document.getElementById(id)
    if (!text) {
      p?.remove()
      x.removeAttribute('aria-invalid')
      x.removeAttribute('aria-describedby')
      return
    }
    if (!p) {
      p = document.createElement('p')
      p.id = id
      p.className = 'no'
      x.after(p)
    }
    p.textContent = `✗ ${text}`
    x.setAttribute('aria-invalid', 'true')
    x.setAttribute('aria-describedby', id)
  }

  let timer, asking
  function later() {
    clearTimeout(timer)
    timer = setTimeout(ask, 700)
  }

  /** ask lets the server judge the grid as it is now. */
  async function ask() {
    asking?.abort()
    asking = new AbortController()
    const data = new URLSearchParams(new FormData(form))
    data.set('do', 'check')
    let told
    try {
      const answer = await fetch(form.action, { method: 'POST', body: data, headers: { accept: 'application/json' }, signal: asking.signal })
      if (!answer.ok) return
      told = await answer.json()
    } catch { return } // the buttons still work
    for (let row = 1; row <= count(); row++) {
      for (const name of names) say(cell(row, name), told.cells[`${name}-${row}`])
      let p = document.getElementById(`row-${row}-e`)
      if (!told.rows[row]) { p?.remove(); continue }
      if (!p) {
        p = document.createElement('p')
        p.id = `row-${row}-e`
        p.className = 'no'
        cell(row, 'amount').parentElement.append(p)
      }
      p.textContent = `✗ ${told.rows[row]}`
    }
    document.getElementById('told').textContent = [...told.problems || [], ...told.needs || []].join('　')
  }

  form.addEventListener('input', event => { if (!event.isComposing) sum() })
  form.addEventListener('change', later)
  sum()
}
