/* Single keys, as liked inboxes have them. Can be switched off (WCAG 2.1.4); never while typing. */
(function () {
  'use strict';
  var $ = Zh.$, lead = 0;
  var places = { i: '/inbox', o: '/outbox', a: '/approvals', h: '/' };

  var everywhere = {
    'g': function () { lead = Date.now(); },
    '/': function () { $('#q').focus(); },
    '?': function () { Zh.open($('#keys')); },
    'c': function () { $('a[href="/compose"]').click(); },
    /* Its first choice, or its first button; nothing where nothing is asked for. */
    'r': function () {
      var first = $('#reader form.receipt input:not([type=hidden]), #reader form.receipt button');
      if (first) first.focus();
    }
  };
  function remove() { Zh.inbox.act('delete', Zh.inbox.chosen()); }
  var inList = {
    'j': function () { Zh.inbox.go(1); },
    'k': function () { Zh.inbox.go(-1); },
    'e': remove,
    '#': remove,
    'x': function () { var input = $('input', Zh.inbox.current()); input.checked = !input.checked; Zh.inbox.bulk(); },
    'I': function () { Zh.inbox.act('read', Zh.inbox.chosen()); }
  };
  function isTyping(el) {
    return /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) && !/^(checkbox|radio)$/.test(el.type);
  }

  document.addEventListener('keydown', function (e) {
    var target = e.target, key = e.key;
    if ((e.ctrlKey || e.metaKey) && key === 'Enter' && target.form) {
      var send = target.form.querySelector('.primary');
      if (send) send.click();
      return;
    }
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    if (Zh.store.get('keys') === 'off' || $('dialog[open]') || !$('#keys')) return;
    if (isTyping(target)) { if (key === 'Escape') target.blur(); return; }
    if (lead && Date.now() - lead < 1200) {
      lead = 0;
      /* Only to places that this person is shown the way to. */
      var way = places[key] && $('a[href="' + places[key] + '"]');
      if (way) { e.preventDefault(); way.click(); }
      return;
    }
    var fn = everywhere[key] || ($('.row') && inList[key]);
    if (fn) { e.preventDefault(); fn(); }
  });

  var box = $('[data-do-change=keys]');
  if (box) box.checked = Zh.store.get('keys') !== 'off';
  Zh.fresh(document);
})();
