package names

import "testing"

var pairsOfEach = [][2]string{{"김철수", "Kim Chol-su"}, {"金哲洙", "KIM CHUL SOO"}, {"Choe Ryong-hae", "Choi Ryong Hae"}, {"习近平", "Xi Jinping"}, {"KIM CHEOLSU", "CHOUNG BYOUNGGUG"}}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		for _, p := range pairsOfEach {
			Parse(p[0])
			Parse(p[1])
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	for b.Loop() {
		for _, p := range pairsOfEach {
			Compare(p[0], p[1])
		}
	}
}
