/* Groups: rows that are dragged by mouse or finger, or moved by Alt and the arrows; ticks with a count;
   people of a department that are fetched where they are ticked. */
(function () {
  'use strict';
  var $ = Zh.$, $$ = Zh.$$, on = Zh.on;

  function kindOf(item) { return item.parentNode.getAttribute('data-into'); }
  function lists(kind) { return $$('[data-into="' + kind + '"]'); }
  function items(list) {
    return Array.prototype.filter.call(list.children, function (child) { return child.hasAttribute('data-id'); });
  }

  /* The whole order of the list in which something now lies goes to the server. */
  function save(item) {
    var list = item.parentNode, body = new URLSearchParams(list.getAttribute('data-more') || '');
    /* A list that was left by its last row is empty to styles too. */
    lists(kindOf(item)).forEach(function (each) { if (!items(each).length) each.textContent = ''; });
    items(list).forEach(function (each) {
      body.append(list.getAttribute('data-field') || 'id', each.getAttribute('data-id'));
    });
    Zh.post(list.getAttribute('data-arrange'), body, { headers: { 'X-Fragment': 'order' } }).then(function (response) {
      if (!response.ok) throw new Error(response.status);
      Zh.toast(Zh.word('moved', { n: items(list).indexOf(item) + 1 }));
    }).catch(function () {
      Zh.toast(Zh.word('failed'));
      setTimeout(function () { location.reload(); }, 1500);
    });
  }

  /* One place on; from the end of a list into the next one of its kind. */
  function step(item, up) {
    var list = item.parentNode, all = items(list), at = all.indexOf(item), next = all[at + (up ? -1 : 1)];
    if (next) { list.insertBefore(item, up ? next : next.nextSibling); return true; }
    var peers = lists(kindOf(item)), other = peers[peers.indexOf(list) + (up ? -1 : 1)];
    if (!other) return false;
    other.insertBefore(item, up ? null : items(other)[0] || null);
    return true;
  }
  on('keydown', '.handle', function (e, handle) {
    if (!e.altKey || (e.key !== 'ArrowUp' && e.key !== 'ArrowDown')) return;
    e.preventDefault();
    var item = handle.parentNode.closest('[data-id]');
    if (!step(item, e.key === 'ArrowUp')) return;
    handle.focus();
    save(item);
  });

  /* What lies under the pointer and takes this item: a neighbour, or a list that is empty there. */
  function under(item, x, y) {
    var kind = kindOf(item), el = document.elementFromPoint(x, y);
    while (el && el !== document.body) {
      if (el.parentNode.getAttribute && el.parentNode.getAttribute('data-into') === kind && el.hasAttribute('data-id')) return el;
      var list = el.getAttribute('data-into') === kind ? el : el.tagName === 'SECTION' && $('[data-into="' + kind + '"]', el);
      if (list) return list;
      el = el.parentNode;
    }
    return null;
  }
  var dragged = null, came = null;
  on('pointerdown', '.handle', function (e, handle) {
    if (e.button) return;
    e.preventDefault();
    handle.focus();
    dragged = handle.parentNode.closest('[data-id]');
    came = { list: dragged.parentNode, next: dragged.nextSibling, pointer: e.pointerId };
    dragged.classList.add('drag');
  });
  document.addEventListener('pointermove', function (e) {
    if (!dragged || e.pointerId !== came.pointer) return;
    var target = under(dragged, e.clientX, e.clientY);
    if (!target || target === dragged) return;
    if (target.hasAttribute('data-into') && !target.hasAttribute('data-id')) {
      if (target !== dragged.parentNode) target.appendChild(dragged);
      return;
    }
    var box = target.getBoundingClientRect(), below = e.clientY > box.top + box.height / 2;
    target.parentNode.insertBefore(dragged, below ? target.nextSibling : target);
  });
  function drop(e, isDone) {
    if (!dragged || e.pointerId !== came.pointer) return;
    var item = dragged, moved = item.parentNode !== came.list || item.nextSibling !== came.next;
    dragged = null;
    item.classList.remove('drag');
    if (!isDone) { came.list.insertBefore(item, came.next); return; }
    if (moved) save(item);
  }
  document.addEventListener('pointerup', function (e) { drop(e, true); });
  document.addEventListener('pointercancel', function (e) { drop(e, false); });

  /* A tick for all, a count, and buttons only when somebody is chosen. */
  function picks(form) {
    var all = $$('input[name=person]', form), n = all.filter(function (input) { return input.checked; }).length;
    var box = $('[data-all]', form), count = $('[data-count]', form);
    if (!box) return;
    box.checked = n === all.length && n > 0;
    box.indeterminate = n > 0 && n < all.length;
    count.textContent = n ? Zh.word('picked', { n: n }) : count.getAttribute('data-none');
    $$('.picks .btn', form).forEach(function (button) {
      var to = $('select[name=to]', form);
      button.disabled = !n || (button.value !== 'delete' && to && !to.value);
    });
  }
  on('change', '[data-picks] input, [data-picks] select', function (e, input) {
    var form = input.form;
    if (input.hasAttribute('data-all')) {
      $$('input[name=person]', form).forEach(function (each) { each.checked = input.checked; });
    }
    picks(form);
  });
  Zh.onFresh(function (within) { $$('[data-picks]', within).forEach(picks); });

  /* The people of one department, below its tick; a ticked department takes them all anyway. */
  on('click', '[data-people]', function (e, link) {
    if (e.metaKey || e.ctrlKey || e.shiftKey || e.button) return;
    e.preventDefault();
    var item = link.parentNode, shown = $(':scope > .ticks, :scope > .hint', item);
    if (shown) { shown.hidden = !shown.hidden; return; }
    fetch(link.href, { headers: { 'X-Fragment': 'people' }, credentials: 'same-origin' }).then(function (response) {
      if (!response.ok) throw new Error(response.status);
      return response.text();
    }).then(function (html) {
      link.insertAdjacentHTML('afterend', html);
      var own = $('input', item), list = $(':scope > .ticks', item);
      $$('input', list || link).forEach(function (input) { input.checked = input.disabled = own.checked; });
    }).catch(function () { location.href = link.href; });
  });
})();
