/* Compose: what a press puts into the words, placeholders and templates. */
(function () {
  'use strict';
  var $ = Zh.$, on = Zh.on;
  var form = $('form.compose');
  if (!form) return;

  /* Puts a placeholder where the text is being written: the title or the body. */
  var writing = $('textarea[name=body]', form);
  on('focusin', 'form.compose [name=title], form.compose [name=body]', function (e, field) { writing = field; });
  /* The words of a template take the place of those that stand there: asked first, when there are any. */
  on('click', '[data-confirm-typed]', function (e, button) {
    if ($('textarea[name=body]', form).value.trim() && !confirm(button.getAttribute('data-confirm-typed'))) e.preventDefault();
  });

  on('click', '[data-insert]', function (e, button) {
    var text = button.getAttribute('data-insert'), at = writing.selectionStart;
    writing.value = writing.value.slice(0, at) + text + writing.value.slice(writing.selectionEnd);
    writing.focus();
    writing.setSelectionRange(at + text.length, at + text.length);
    writing.dispatchEvent(new Event('input', { bubbles: true }));
  });
})();
