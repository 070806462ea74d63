package routing

import "math"

// Strategies in the order in which they are shown.
var Strategies = []Strategy{Balanced, RoundRobin, LeastLoad, BestSkill, VIP, Nearest, Cheapest, Sticky}

// weights of all factors, by their index; they sum up to 1 unless all are zero.
type weights [factorCount]float64

// ready are the weights of the ready-made strategies. What is not named weighs
// nothing. People in turn are not weighed: who waited longest since their last
// ticket comes first.
var ready = map[Strategy]map[string]float64{
	Balanced: {
		"load": 4, "today": 1, "spare": 1, "idle": 2, "skill": 3, "success_time": 1, "success_rating": 1, "success_reopen": 1,
		"last_agent": 1, "former": 3, "tier": 1, "value": 0.5, "language": 1, "region": 1, "distance": 0.5, "slack": 2, "priority": 1,
		"sentiment": 1, "risk": 1, "shift_end": 1, "fairness": 1.5, "training": 0.5, "age": 0.5, "channel": 0.5, "product": 1,
		"confidence": 0.5, "expression": 3,
	},
	RoundRobin: {},
	LeastLoad:  {"load": 10, "spare": 2, "idle": 1, "expression": 3},
	BestSkill: {
		"skill": 6, "product": 3, "success_time": 2, "success_rating": 2, "success_reopen": 2, "language": 2, "confidence": 1,
		"load": 2, "idle": 0.5, "expression": 3,
	},
	VIP: {
		"tier": 5, "value": 3, "success_rating": 4, "last_agent": 3, "former": 2, "success_reopen": 2, "sentiment": 2, "risk": 2,
		"language": 2, "skill": 2, "slack": 2, "priority": 1, "load": 1, "idle": 1, "expression": 3,
	},
	Nearest:  {"distance": 10, "region": 4, "load": 1, "skill": 1, "shift_end": 1, "expression": 3},
	Cheapest: {"cost": 10, "load": 2, "skill": 1, "success_reopen": 1, "expression": 3},
	Sticky:   {"last_agent": 10, "former": 12, "load": 2, "idle": 1, "skill": 1, "product": 1, "expression": 3},
}

// weigh are the weights of a whole rule: those of its strategy, with its own in
// their place. What cannot tell people apart under the rule weighs nothing.
func weigh(r *Rule, prefer bool) weights {
	var w weights
	if r.Strategy == RoundRobin {
		return w
	}
	for key, x := range ready[r.Strategy] {
		w[factorIndex(key)] = x
	}
	for key, x := range r.Weights {
		if i := factorIndex(key); i >= 0 {
			w[i] = x
		}
	}
	if !prefer {
		w[fExpression] = 0
	}
	sum := 0.0
	for _, x := range w {
		sum += x
	}
	if sum > 0 {
		for i := range w {
			w[i] /= sum
		}
	}
	return w
}

// named are the weights of the factors that weigh anything, as decisions keep
// them: to be read only.
func (w *weights) named() FactorValues {
	out := FactorValues{}
	for i, x := range w {
		if x > 0 {
			out[factors[i].key] = math.Round(x*1e4) / 1e4
		}
	}
	return out
}
