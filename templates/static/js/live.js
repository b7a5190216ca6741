/* Counts that stay true: `GET /events` (server-sent) says {"counts": {"inbox": 30}, "toast": "…", "href": "…"}.
   The first event is a full picture, so that a reconnect heals itself. */
(function () {
  'use strict';
  var $ = Zh.$, $$ = Zh.$$;
  var state = $('[data-live-state]');
  if (!state) return;
  var title = document.title, failures = 0;

  function show(isOn) {
    state.classList.toggle('on', isOn);
    $('span', state).textContent = Zh.word(isOn ? 'live' : 'lost');
  }
  /* The words above the list of the inbox. Only what arrives makes the unread more. */
  function recount(el, unread) {
    var arrived = Math.max(0, unread - el.getAttribute('data-unread'));
    el.setAttribute('data-unread', unread);
    Zh.recount(el, arrived);
  }
  Zh.recount = function (el, more) {
    var total = +el.getAttribute('data-total') + more;
    el.setAttribute('data-total', total);
    el.textContent = Zh.word('count', { total: total, unread: el.getAttribute('data-unread') });
  };
  function apply(message) {
    var counts = message.counts || {};
    if ('inbox' in counts) $$('[data-counted]').forEach(function (el) { recount(el, counts.inbox); });
    Object.keys(counts).forEach(function (kind) {
      $$('[data-live="' + kind + '"]').forEach(function (el) {
        var badge = el.closest('.n');
        el.textContent = badge && counts[kind] > 99 ? '99+' : counts[kind];
        if (badge) badge.hidden = !counts[kind];
      });
    });
    if ('inbox' in counts) document.title = (counts.inbox ? '(' + counts.inbox + ') ' : '') + title;
    if (message.toast) {
      Zh.toast(message.toast, message.href ? Zh.word('open') : '', function () { location.href = message.href; });
    }
  }

  /* A web view's proxy may break the stream for good: then ask every half minute. */
  function poll() {
    fetch('/events/now', { credentials: 'same-origin' })
      .then(function (response) { if (!response.ok) throw new Error(response.status); return response.json(); })
      .then(function (message) { show(true); apply(message); })
      .catch(function () { show(false); });
  }
  /* A page that is left may be kept for the way back: it must not keep one of the six connections. */
  var source = null, polling = null;
  function hush() {
    if (source) source.close();
    clearInterval(polling);
  }
  function listen() {
    if (!window.EventSource || failures >= 5) { poll(); polling = setInterval(poll, 3e4); return; }
    source = new EventSource('/events');
    source.onopen = function () { failures = 0; show(true); };
    source.onmessage = function (event) { apply(JSON.parse(event.data)); };
    source.onerror = function () {
      show(false);
      failures += 1;
      if (failures >= 5) { source.close(); listen(); }
    };
  }
  listen();
  addEventListener('pagehide', hush);
  addEventListener('pageshow', function (e) { if (e.persisted) listen(); });
})();
