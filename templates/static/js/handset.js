/* The phones of the demonstration: the page is fetched again whenever something happens on one. */
(function () {
  'use strict';
  var $$ = Zh.$$, desk = Zh.$('[data-phone]');
  if (!desk || !window.EventSource) return;
  var waiting = null;

  function again() {
    waiting = null;
    var wanted = Zh.turn(desk);
    fetch(location.href, { headers: { 'X-Fragment': 'phone' }, credentials: 'same-origin' })
      .then(function (response) { return response.ok ? response.text() : null; })
      .then(function (html) {
        if (html === null || /^\s*<!doctype/i.test(html) || !wanted()) return;
        /* What is done here comes back as an event too: nothing is drawn twice, and the focus stays. */
        var fresh = document.createElement('div');
        fresh.innerHTML = html;
        $$('.note[role=status]', fresh).forEach(function (note) { note.remove(); });
        if (fresh.innerHTML === desk.innerHTML) return;
        put(fresh);
        down();
        Zh.fresh(desk);
      });
  }
  /* Whoever is typing into the search goes on typing. */
  function put(fresh) {
    var old = Zh.$('#pq'), typed = old && old.value, at = old && old.selectionStart, is = document.activeElement === old;
    desk.innerHTML = fresh.innerHTML;
    var now = Zh.$('#pq');
    if (!old || !now) return;
    now.value = typed;
    if (is) { now.focus(); now.setSelectionRange(at, at); }
  }
  function down() {
    var screen = Zh.$('.screen', desk);
    if (screen) screen.scrollTop = screen.scrollHeight;
  }
  down();
  Zh.onFresh(function (within) { if (within === desk) down(); });

  var source = null;
  function listen() {
    source = new EventSource('/demo/phone/events?address=' + encodeURIComponent(desk.getAttribute('data-phone')));
    source.onmessage = function () { if (!waiting) waiting = setTimeout(again, 120); };
  }
  listen();
  addEventListener('pagehide', function () { source.close(); });
  addEventListener('pageshow', function (e) { if (e.persisted) { again(); listen(); } });
})();
