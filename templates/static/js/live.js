/* Counts that stay true, and pages that hear of what is new: `GET /events` (server-sent) says
   {"counts": {"inbox": 30}, "changed": ["inbox"], "toast": "…", "href": "…"}.
   The first event is a full picture, so that a reconnect heals itself. */
(function () {
  'use strict';
  var $ = Zh.$, $$ = Zh.$$;
  var state = $('[data-live-state]');
  if (!state) return;
  var failures = 0, isFirst = true, isBack = false;

  function show(isOn) {
    state.classList.toggle('on', isOn);
    $('span', state).textContent = Zh.word(isOn ? 'live' : 'lost');
  }
  function apply(message, lookAgain) {
    var counts = message.counts || {}, changed = message.changed || [];
    Object.keys(counts).forEach(function (kind) {
      $$('[data-live="' + kind + '"]').forEach(function (el) {
        var badge = el.closest('.n'), shown = counts[kind] > 99 ? '99+' : '' + counts[kind];
        if (badge && el.textContent !== shown) changed.push(kind);
        el.textContent = shown;
        if (badge) badge.hidden = !counts[kind];
      });
    });
    if ('inbox' in counts) Zh.waits(counts.inbox);
    /* Between the making of this page and its first event something may have happened, and while nobody
       was listening too. An inbox shows by its count whether anything came. */
    if (isFirst) changed.push('outbox', 'approvals');
    if (lookAgain || isBack) changed.push('inbox', 'outbox', 'approvals');
    isFirst = isBack = false;
    Zh.follow(changed);
    if (message.toast) {
      Zh.toast(message.toast, message.href ? Zh.word('open') : '', function () { location.href = message.href; });
    }
  }

  /* A web view's proxy may break the stream for good: then ask every half minute, look at the whole page every
     fifth time, and try the stream again every tenth. */
  var polls = 0;
  function poll() {
    polls += 1;
    fetch('/events/now', { credentials: 'same-origin' })
      .then(function (response) { if (!response.ok) throw new Error(response.status); return response.json(); })
      .then(function (message) {
        show(true);
        apply(message, polls % 5 === 1);
        if (window.EventSource && polls % 10 === 0) { clearInterval(polling); failures = 4; listen(); }
      })
      .catch(function () { show(false); });
  }
  /* A page that is left may be kept for the way back: it must not keep one of the six connections. */
  var source = null, polling = null, later = null;
  function hush() {
    if (source) source.close();
    clearInterval(polling);
    clearTimeout(later);
  }
  function listen() {
    if (!window.EventSource || failures >= 5) { poll(); polling = setInterval(poll, 3e4); return; }
    source = new EventSource('/events');
    source.onopen = function () { failures = 0; isBack = !isFirst; show(true); };
    source.onmessage = function (event) { apply(JSON.parse(event.data)); };
    source.onerror = function () {
      show(false);
      failures += 1;
      if (failures >= 5) { source.close(); polls = 0; listen(); }
      /* An answer that is no stream (503 at a restart) ends it for good, unless somebody begins anew. */
      else if (source.readyState === 2) later = setTimeout(listen, 3000 + Math.random() * 10000);
    };
  }
  listen();
  addEventListener('pagehide', hush);
  addEventListener('pageshow', function (e) { if (e.persisted) listen(); });
})();
