package secret

// CachedOwners is how many opened keys are kept.
func (v *Vault) CachedOwners() int { return v.owners.len() }
