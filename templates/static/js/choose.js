/* Lists with ticks, form[data-choose]: one tick for all, a range with Shift, a count, and buttons that
   wait until something is chosen. */
(function () {
  'use strict';
  var $ = Zh.$, $$ = Zh.$$, on = Zh.on;

  /* Those outside the form that name it are its own as well: the rows of the outbox hold other forms. */
  function ticks(form) {
    return Array.prototype.filter.call(form.elements, function (input) { return input.name === 'id'; });
  }

  function renew(form) {
    var all = ticks(form), n = all.filter(function (input) { return input.checked; }).length;
    var box = $('[data-all]', form);
    all.forEach(function (input) { input.closest('li, tr').classList.toggle('picked', input.checked); });
    box.checked = n === all.length && n > 0;
    box.indeterminate = n > 0 && n < all.length;
    form.classList.toggle('some', n > 0);
    $('[data-count]', form).textContent = n ? Zh.word('chosen', { n: n }) : Zh.word('all');
    $$('.bulkbar .btn', form).forEach(function (button) { button.disabled = !n; });
  }
  Zh.choose = function () { $$('form[data-choose]').forEach(renew); };

  var last = null;
  on('click', 'input[type=checkbox][name=id]', function (e, input) {
    if (!input.form.hasAttribute('data-choose')) return;
    var all = ticks(input.form), from = all.indexOf(last), to = all.indexOf(input);
    if (e.shiftKey && from > -1) {
      all.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(function (other) { other.checked = input.checked; });
    }
    last = input;
    renew(input.form);
  });
  on('change', '[data-all]', function (e, box) {
    ticks(box.form).forEach(function (input) { input.checked = box.checked; });
    renew(box.form);
  });

  Zh.onFresh(Zh.choose);
})();
