import { Placeholder } from '@tiptap/extensions'
import { EditorContent, useEditor, type Editor as TipTap } from '@tiptap/react'
import StarterKit from '@tiptap/starter-kit'
import { useEffect, useImperativeHandle, useLayoutEffect, useRef } from 'react'
import { t } from '~/i18n'
import { IconButton } from '~/parts/Button'
import { asHTML, type FieldProps } from './PlainField'

/** Puts the cursor at the end, at once: the editor's own command waits for a frame. */
function take(editor: TipTap | null): void {
  editor?.commands.setTextSelection(editor.state.doc.content.size)
  editor?.view.focus()
}

/** Plain text, never read as HTML; its lines become lines. */
function put(editor: TipTap | null, n: number, text: string): void {
  if (!editor) return
  const { from, to } = editor.state.selection
  const lines = text.split('\n').flatMap((line, i) => [...(i ? [{ type: 'hardBreak' }] : []), ...(line ? [{ type: 'text', text: line }] : [])])
  editor.chain().focus().deleteRange({ from: from - n, to }).insertContent(lines).run()
}

/** The rich field (TipTap). Loaded when somebody is about to write; takes over what stands in the plain one. */
export function Editor({ ref, content, onChange, onKeyDown, onKey, onMove, label, autoFocus }: FieldProps) {
  const change = useRef(onChange)
  change.current = onChange
  const words = useRef(label)
  const key = useRef(onKey)
  key.current = onKey
  const move = useRef(onMove)
  move.current = onMove
  words.current = label
  const editor = useEditor({
    injectCSS: false,
    autofocus: false,
    extensions: [
      StarterKit.configure({ heading: false, codeBlock: false, horizontalRule: false, dropcursor: false, gapcursor: false, trailingNode: false, link: { openOnClick: false, protocols: ['mailto', 'tel'] } }),
      Placeholder.configure({ placeholder: () => words.current }),
    ],
    content: content.html || asHTML(content.text),
    editorProps: {
      attributes: { class: 'ta', role: 'textbox', 'aria-multiline': 'true', 'aria-label': label },
      // Ctrl+Enter sends; the editor must not break the line first
      handleKeyDown: (_view, e) => {
        if (!key.current(e.key, e)) return e.key === 'Enter' && (e.ctrlKey || e.metaKey)
        e.stopPropagation() // it was meant for the list
        return true
      },
    },
    onSelectionUpdate: () => move.current(),
    onUpdate: ({ editor: e }) => change.current({ text: e.getText({ blockSeparator: '\n' }), html: e.isEmpty ? '' : e.getHTML() }),
  })
  useImperativeHandle(ref, () => ({
    focus: () => take(editor),
    insert: (text) => put(editor, 0, text),
    before: () => {
      const from = editor?.state.selection.$from
      return from?.parent.textBetween(0, from.parentOffset, '\n', '\n').split('\n').at(-1) ?? ''
    },
    replace: (n, text) => put(editor, n, text),
    set: (next) => void editor?.commands.setContent(next.html || asHTML(next.text), { emitUpdate: false }),
  }), [editor])
  // before anything is drawn: a key that is pressed meanwhile must not miss the field
  const start = useRef(autoFocus)
  useLayoutEffect(() => {
    if (start.current) take(editor)
    start.current = false
  }, [editor])
  useEffect(() => {
    editor?.view.dom.setAttribute('aria-label', label)
    // the placeholder is drawn again only by a transaction
    if (editor) editor.view.dispatch(editor.state.tr)
  }, [editor, label])
  return (
    <div className="rich-field" onKeyDown={onKeyDown}>
      <EditorContent editor={editor} />
      <div className="format">
        <IconButton icon="bold" label={t('composer.bold')} keys="Mod+B" small onMouseDown={(e) => e.preventDefault()} onClick={() => editor?.chain().focus().toggleBold().run()} />
        <IconButton icon="list" label={t('composer.list')} small onMouseDown={(e) => e.preventDefault()} onClick={() => editor?.chain().focus().toggleBulletList().run()} />
      </div>
    </div>
  )
}
