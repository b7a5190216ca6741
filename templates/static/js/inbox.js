/* Rows of the inbox: changed at once on the page, undone when the server says no. */
(function () {
  'use strict';
  var $ = Zh.$, $$ = Zh.$$, on = Zh.on;

  function rows() { return $$('.row').filter(function (row) { return !row.hidden; }); }
  function setUnread(row, unread) { row.classList.toggle('unread', unread); }

  Zh.mark = function (row) {
    $$('.row.on').forEach(function (other) {
      other.classList.remove('on');
      $('a', other).removeAttribute('aria-current');
    });
    row.classList.add('on');
    $('a', row).setAttribute('aria-current', 'true');
    setUnread(row, false);
  };
  /* Where the keyboard stands in the list. */
  function stand() { return document.activeElement && document.activeElement.closest('.row'); }
  function current() { return $('.row.on') || stand() || rows()[0]; }
  function go(step) {
    var list = rows(), open = $('.row.on');
    /* With nothing open the row with the focus is the next one. */
    var at = open || !stand() ? list.indexOf(open) + step : list.indexOf(stand()) + Math.min(step, 0);
    var row = list[Math.max(0, Math.min(list.length - 1, at))];
    if (!row) return;
    row.scrollIntoView({ block: 'nearest' });
    $('a', row).click();
  }
  function chosen() {
    var ticked = $$('.row input:checked').map(function (input) { return input.closest('.row'); });
    return ticked.length ? ticked : $$('.row.on');
  }

  /* What is open leaves with its row: back to the list. Nothing else is opened, for opening counts as
     reading; the keyboard stands on the row behind, at the end of the list on the one before. */
  function close(list) {
    var row = $('.row.on');
    if (!row || list.indexOf(row) < 0) return;
    var all = $$('.row'), at = all.indexOf(row), reader = $('#reader');
    function stays(other) { return !other.hidden; }
    row.classList.remove('on');
    $('a', row).removeAttribute('aria-current');
    reader.innerHTML = $('#nothing-open').innerHTML;
    $('.split').classList.remove('reading');
    history.replaceState(null, '', '/inbox');
    Zh.name($('#list-h').textContent + ' · ' + $('.brand b').textContent);
    var next = all.slice(at).filter(stays)[0] || all.slice(0, at).filter(stays).pop();
    if (next) $('a', next).focus();
  }

  /* Rows that are hidden until the time to undo it is over; a look at the list still finds them. */
  var leaving = {};
  function idOf(row) { return row.getAttribute('data-id'); }

  function act(what, list) {
    if (!list.length) return;
    var body = new URLSearchParams();
    body.append('do', what);
    list.forEach(function (row) { body.append('id', row.getAttribute('data-id')); });
    var leaves = what !== 'read';
    var were = list.map(function (row) { return row.classList.contains('unread'); });
    function restore() {
      list.forEach(function (row, at) { delete leaving[idOf(row)]; row.hidden = false; setUnread(row, were[at]); });
    }
    function send() {
      return Zh.post('/inbox/bulk', body, { keepalive: true }).then(function (response) {
        if (!response.ok) throw new Error(response.status);
        list.forEach(function (row) { delete leaving[idOf(row)]; });
      }).catch(function () { restore(); Zh.toast(Zh.word('failed')); });
    }
    list.forEach(function (row) {
      if (leaves) row.hidden = leaving[idOf(row)] = true;
      else setUnread(row, false);
      $('input', row).checked = false;
    });
    Zh.choose();
    if (leaves) close(list);
    var said = Zh.word(what, { n: list.length });
    if (what !== 'delete') { send(); Zh.toast(said); return; }
    var timer = setTimeout(carry, 7000);
    var toast = Zh.toast(said, Zh.word('undo'), function () { letGo(); restore(); });
    function letGo() { clearTimeout(timer); held = held.filter(function (other) { return other !== carry; }); }
    function carry() { letGo(); toast.remove(); return send(); }
    held.push(carry);
  }

  /* What waits for the time to undo it is carried out before another page is asked for, which would not
     know of it, or sign its owner out. Whoever leaves by other ways sends it off in going. */
  var held = [];
  function flush() { return Promise.all(held.map(function (carry) { return carry(); })); }
  function flushFirst(e, go) {
    if (!held.length || e.defaultPrevented) return;
    e.preventDefault();
    Promise.race([flush(), new Promise(function (late) { setTimeout(late, 3000); })]).then(go);
  }
  on('click', 'a[href]:not([data-swap]):not([download]):not([target])', function (e, link) {
    if (e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || link.hash) return;
    flushFirst(e, function () { location.href = link.href; });
  });
  on('submit', 'form:not([data-swap])', function (e, form) {
    var button = Zh.pressed(form);
    flushFirst(e, function () {
      if (button && button.name) {
        var said = document.createElement('input');
        said.type = 'hidden';
        said.name = button.name;
        said.value = button.value;
        form.appendChild(said);
      }
      HTMLFormElement.prototype.submit.call(form);
    });
  });
  addEventListener('beforeunload', flush);
  addEventListener('pagehide', flush);

  on('click', '[data-bulk] button[name=do]', function (e, button) { e.preventDefault(); act(button.value, chosen()); });

  /* The buttons above the open message act on its row, when the list shows it. */
  on('click', '[data-one] button[name=do]', function (e, button) {
    var id = $('input[name=id]', button.form).value;
    var row = rows().filter(function (row) { return row.getAttribute('data-id') === id; })[0];
    if (!row) return;
    e.preventDefault();
    act(button.value, [row]);
  });

  Zh.onFresh(function () {
    $$('.row').forEach(function (row) { if (leaving[idOf(row)]) row.hidden = true; });
  });
  Zh.inbox = { go: go, act: act, chosen: chosen, current: current };
})();
