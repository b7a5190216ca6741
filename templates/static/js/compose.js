/* Compose: finding people and picking them, what is chosen as chips, and how many that makes. The form
   sends the same without it: ticks in the tree, accounts typed. */
(function () {
  'use strict';
  var $ = Zh.$, $$ = Zh.$$, on = Zh.on;
  var form = $('form.compose');
  if (!form) return;
  var chosen = $('#chosen'), found = $('#compose_found');

  /* --- What is chosen ---------------------------------------------------------------------- */

  /* Departments and groups are ticked where they stand; here each is named once more, to be taken out. */
  function chip(input) {
    var item = document.createElement('li'), button = document.createElement('button');
    var label = input.closest('label'), leave = input.name === 'except_department';
    var name = leave ? $('span', $('.opt', input.closest('.node'))) : $('span', label);
    item.className = leave ? 'ticked out' : 'ticked';
    button.type = 'button';
    button.setAttribute('data-untick', input.name + '=' + input.value);
    if (leave) add(button, 'em', Zh.word('left-out'));
    add(button, 'span', name.textContent);
    if (!leave && $('small', label)) add(button, 'small', $('small', label).textContent);
    button.insertAdjacentHTML('beforeend', $('#chip-x').innerHTML);
    item.appendChild(button);
    return item;
  }
  function add(to, kind, text) {
    var el = document.createElement(kind);
    el.textContent = text;
    to.appendChild(el);
  }
  var TICKS = 'input[name=everyone]:checked, input[name=department]:checked:not(:disabled), ' +
    'input[name=group]:checked, input[name=except_department]:checked';
  function marks() {
    $$('.ticked, .none', chosen).forEach(function (item) { item.remove(); });
    var items = $$(TICKS, form).map(chip);
    items.reverse().forEach(function (item) { chosen.insertBefore(item, chosen.firstChild); });
    if (!chosen.children.length) {
      var none = document.createElement('li');
      none.className = 'none';
      none.textContent = chosen.getAttribute('data-none');
      chosen.appendChild(none);
    }
    $$('.node', form).forEach(function (node) {
      node.classList.toggle('left', $('input[name=except_department]', node).checked);
    });
  }
  on('click', '[data-untick]', function (e, button) {
    var parts = button.getAttribute('data-untick').split('=');
    $$('input[name="' + parts[0] + '"]', form).forEach(function (input) {
      if (input.value !== parts[1] || input.disabled) return;
      input.click();
    });
    if (chosen.firstElementChild) ($('button, input', chosen) || chosen).focus();
  });
  /* A person's chip is the field itself: to untick it is to take him out. Gone from the page it is in no
     part of the form any more, so what hears of a change there does not hear of this one. */
  on('change', '#chosen input', function (e, input) {
    if (input.checked) return;
    input.closest('li').remove();
    changed();
  });

  /* How often: only what belongs to the choice, and when the next ones would be. */
  var repeating = $('#repeating');
  function often() {
    if (!repeating) return;
    var every = $('[name=every]', repeating).value;
    $$('[data-every]', repeating).forEach(function (part) { part.hidden = part.getAttribute('data-every') !== every; });
    if (repeating.hidden || !$('[name=run_at]', repeating).value) return;
    var box = $('#compose_runs'), query = new URLSearchParams(), wanted = Zh.turn(box);
    $$('select, input', repeating).forEach(function (input) {
      if (input.type !== 'checkbox' || input.checked) query.append(input.name, input.value);
    });
    fetch(repeating.getAttribute('data-runs') + '?' + query, {
      headers: { 'X-Fragment': 'compose_runs' }, credentials: 'same-origin'
    }).then(function (response) { return response.ok ? response.text() : ''; }).then(function (html) {
      if (wanted()) box.innerHTML = html;
    }).catch(function () { /* asked again with the next choice */ });
  }
  on('change', '#repeating, [name=when]', often);

  /* --- Finding people ---------------------------------------------------------------------- */

  function isChosen(account) {
    return $$('.person input', chosen).some(function (input) { return input.value === account; });
  }
  function renew() {
    $$('[data-pick]', found).forEach(function (button) {
      var taken = isChosen(button.getAttribute('data-pick'));
      button.closest('li').classList.toggle('taken', taken);
      $$('button', button.closest('li')).forEach(function (each) { each.disabled = taken; });
    });
    var all = $('[data-pick-all]', found);
    if (all) all.disabled = !$('[data-pick]:not(:disabled)', found);
  }
  function pick(button, leave) {
    var line = button.closest('li'), account = button.getAttribute(leave ? 'data-leave' : 'data-pick');
    if (isChosen(account)) return;
    var item = document.createElement('li');
    item.innerHTML = '<label class="person"><input type="checkbox" checked></label>';
    if (leave) item.className = 'out';
    var label = $('label', item), input = $('input', item);
    input.name = leave ? 'except' : 'person';
    input.value = account;
    if (leave) add(label, 'em', Zh.word('left-out'));
    add(label, 'span', $('b', line).textContent);
    add(label, 'small', $('small', line).textContent.split(' · ')[1] || account);
    label.insertAdjacentHTML('beforeend', $('#chip-x').innerHTML);
    chosen.appendChild(item);
  }
  function changed() {
    marks();
    if (found) renew();
    form.dispatchEvent(new Event('input', { bubbles: true }));
    foresee();
  }
  on('click', '[data-pick]', function (e, button) { pick(button, false); changed(); });
  on('click', '[data-leave]', function (e, button) { pick(button, true); changed(); });
  on('click', '[data-pick-all]', function () {
    $$('[data-pick]:not(:disabled)', found).forEach(function (button) { pick(button, false); });
    changed();
  });

  var finder = $('.finder'), wait;
  function look() {
    var query = new URLSearchParams();
    $$('[data-find]', finder).forEach(function (input) {
      if (input.value.trim()) query.append(input.getAttribute('data-find'), input.value.trim());
    });
    var wanted = Zh.turn(found);
    if (!query.toString()) { if (wanted()) found.innerHTML = ''; return; }
    found.setAttribute('aria-busy', 'true');
    fetch(finder.getAttribute('data-finder') + '?' + query, {
      headers: { 'X-Fragment': 'compose_found' }, credentials: 'same-origin'
    }).then(function (response) {
      if (!response.ok) throw response;
      return response.text();
    }).then(function (html) {
      if (!wanted()) return;
      found.innerHTML = html;
      renew();
    }).catch(function () { Zh.toast(Zh.word('offline'), Zh.word('retry'), look); }).then(function () {
      found.removeAttribute('aria-busy');
    });
  }
  on('input', '[data-find]', function () { clearTimeout(wait); wait = setTimeout(look, 250); });
  on('keydown', 'input[data-find]', function (e) {
    if (e.key !== 'Enter') return;
    e.preventDefault();
    var first = $('[data-pick]:not(:disabled)', found);
    if (first && !found.hasAttribute('aria-busy')) first.click(); else { clearTimeout(wait); look(); }
  });

  /* False: it was not in the box any more. */
  function takeOut(box, accounts) {
    var out = accounts.split(' '), typed = box.value.split(/[\s,;\uFF0C\u3001\uFF1B]+/).filter(Boolean);
    var left = typed.filter(function (one) { return out.indexOf(one) < 0; });
    if (left.length === typed.length) return false;
    box.value = left.join('\n');
    return true;
  }

  /* Once they are counted those who were pasted are chips, like those who were picked, and what is nobody's
     stays in the box. Nobody's typing is taken away under his hand. */
  var isPasted = false;
  Zh.onFresh(function (within) {
    var pasted = $('template[data-pasted]', within), box = $('[name=accounts]', form);
    if (!pasted || (box === document.activeElement && !isPasted)) return;
    var items = $$('li', pasted.content).filter(function (item) { return takeOut(box, item.getAttribute('data-typed')); });
    if (!items.length) return;
    items.forEach(function (item) {
      if (!isChosen($('input', item).value)) chosen.appendChild(document.importNode(item, true));
    });
    marks();
    if (found) renew();
    form.dispatchEvent(new Event('input', { bubbles: true }));
  });

  /* What was typed and is nobody's is taken out of the box. */
  on('click', '[data-take-out]', function (e, button) {
    var box = $('[name=accounts]', form);
    takeOut(box, button.getAttribute('data-take-out'));
    box.dispatchEvent(new Event('change', { bubbles: true }));
    box.focus();
  });

  /* --- How many that makes ----------------------------------------------------------------- */

  /* Asked for by itself, one question at a time; the button asks for the same and shows it. */
  var asking = false, again = false, soon;
  function foresee(rest) {
    clearTimeout(soon);
    soon = setTimeout(ask, rest || 600);
  }
  /* What was reckoned is no longer so. */
  function forget() {
    $('[data-total]').textContent = '';
    $('#forecast').innerHTML = '';
  }
  function ask() {
    if (asking) { again = true; return; }
    if (!$(TICKS, form) && !$('input[name=person]', form) && !$('[name=accounts]', form).value.trim() &&
        !$$('[name=outside_name]', form).some(function (input) { return input.value; })) {
      forget();
      var send = $('button[data-word]', form);
      $('span', send).textContent = send.getAttribute('data-word');
      return;
    }
    asking = true;
    var body = new FormData(form), wanted = Zh.turn($('#forecast'));
    body.delete('file');
    body = new URLSearchParams(body);
    body.append('do', 'check');
    Zh.post(form.getAttribute('action'), body, { headers: { 'X-Fragment': 'forecast' } }).then(function (response) {
      if (!response.ok) throw response;
      return response.text();
    }).then(function (html) {
      if (wanted() && !/^\s*<!doctype/i.test(html)) Zh.put($('#forecast'), html);
    }).catch(function () { /* the button says what is wrong */ }).then(function () {
      asking = false;
      if (again) { again = false; foresee(); }
    });
  }
  on('change', '.audience, .rules, .sheet, .timing', function (e) {
    if (e.target.hasAttribute('data-find')) return;
    marks();
    if (found) renew();
    foresee();
  });

  /* Accounts count while they are typed, once the hand rests. */
  on('input', '.audience [name=accounts]', function (e) {
    isPasted = e.inputType === 'insertFromPaste';
    Zh.turn($('#forecast'))();
    forget();
    foresee(1200);
  });

  /* Whoever asks himself need not be asked for. */
  on('click', 'button[data-check]', function () { clearTimeout(soon); });

  marks();
  often();
  if ($('#forecast').children.length === 0) foresee();
})();
