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
  function current() { return $('.row.on') || rows()[0]; }
  function go(step) {
    var list = rows(), at = list.indexOf($('.row.on')) + step;
    var row = list[Math.max(0, Math.min(list.length - 1, at))];
    if (!row) return;
    row.scrollIntoView({ block: 'nearest' });
    $('a', row).click();
  }
  function chosen() {
    var ticked = $$('.row input:checked').map(function (input) { return input.closest('.row'); });
    return ticked.length ? ticked : [current()].filter(Boolean);
  }

  /* Where reading goes on when these rows leave the list: at the row behind the open one, at the end of the
     list at the one before it. Nothing moves while what is open stays. */
  function behind(list) {
    var all = rows(), at = all.indexOf($('.row.on'));
    if (at < 0 || list.indexOf(all[at]) < 0) return null;
    function stays(row) { return list.indexOf(row) < 0; }
    return { row: all.slice(at).filter(stays)[0] || all.slice(0, at).filter(stays).pop() };
  }
  function readOn(next) {
    if (!next) return;
    if (next.row) { next.row.scrollIntoView({ block: 'nearest' }); $('a', next.row).click(); return; }
    $('#reader').textContent = '';
    $('.split').classList.remove('reading');
    history.replaceState(null, '', '/inbox');
  }

  /* Rows that are hidden until the time to undo it is over; a look at the list still finds them. */
  var leaving = {};
  function idOf(row) { return row.getAttribute('data-id'); }

  function act(what, list) {
    var body = new URLSearchParams();
    body.append('do', what);
    list.forEach(function (row) { body.append('id', row.getAttribute('data-id')); });
    var next = what === 'delete' ? behind(list) : null;
    var were = list.map(function (row) { return row.classList.contains('unread'); });
    function restore() {
      list.forEach(function (row, at) { delete leaving[idOf(row)]; row.hidden = false; setUnread(row, were[at]); });
    }
    function send() {
      Zh.post('/inbox/bulk', body, { keepalive: true }).then(function (response) {
        if (!response.ok) throw new Error(response.status);
        list.forEach(function (row) { delete leaving[idOf(row)]; });
      }).catch(function () { restore(); Zh.toast(Zh.word('failed')); });
    }
    list.forEach(function (row) {
      if (what === 'delete') row.hidden = leaving[idOf(row)] = true;
      else setUnread(row, false);
      $('input', row).checked = false;
    });
    Zh.choose();
    readOn(next);
    var said = Zh.word(what, { n: list.length });
    if (what !== 'delete') { send(); Zh.toast(said); return; }
    var timer = setTimeout(send, 7000), waiting = true;
    Zh.toast(said, Zh.word('undo'), function () { waiting = false; clearTimeout(timer); restore(); });
    setTimeout(function () { waiting = false; }, 7000);
    addEventListener('pagehide', function () { if (waiting) { clearTimeout(timer); send(); } }, { once: true });
  }

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
