import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { t } from '~/i18n'
import { Button } from '~/parts/Button'
import { ChoiceList } from '~/parts/ChoiceList'
import { Pop } from '~/parts/Pop'
import { findCompaniesQuery } from '~/stores/customer'

/** A company out of as many as there are: found by words. */
export function CompanyPick({ value, name, none, onChange, disabled, id, except }: { value?: string; name?: string; none: string; onChange: (c: { id: string; name: string } | undefined) => void; disabled?: boolean; id?: string; except?: string }) {
  const [open, setOpen] = useState(false)
  return (
    <Pop open={open} onOpen={setOpen} content={() => <Choices none={none} except={except} onChoose={(c) => { setOpen(false); onChange(c) }} />}>
      <Button id={id} look="lg select" chevron disabled={disabled} aria-haspopup="listbox"><span className={value ? 'sp ell' : 'sp ell t3'}>{value ? (name ?? '…') : none}</span></Button>
    </Pop>
  )
}

function Choices({ none, onChoose, except }: { none: string; except?: string; onChoose: (c: { id: string; name: string } | undefined) => void }) {
  const [words, setWords] = useState('')
  const found = useQuery(findCompaniesQuery(useDeferredValue(words.trim()))).data?.items.filter((c) => c.id !== except) ?? []
  return <ChoiceList label={t('customers.company')} search hint={t('companies.find')} empty={t('companies.none')} onType={setWords} choices={[...(words ? [] : [{ id: '', text: none }]), ...found.map((c) => ({ id: c.id, text: c.name }))]} onChoose={(id) => onChoose(found.find((c) => c.id === id))} />
}
