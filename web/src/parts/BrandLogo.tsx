import { logoURL, useBrand } from '~/stores/brand'
import { Logo } from './Icon'

/** The company's picture, or the product's own mark. */
export function BrandLogo({ className }: { className?: string }) {
  const brand = useBrand()
  return brand?.brand.logo ? <img className={className ?? 'logo'} src={logoURL(brand.brand.logo)} alt={brand.name} /> : <Logo className={className} />
}
