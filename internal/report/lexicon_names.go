package report

import "strings"

// orgWords are words in the names of organisations.
var orgWords = set(`watch group groups ministry university council committee agency news international organisation organization party association foundation court
	police army embassy consulate department commission union institute centre center network alliance church bureau office service services times post press fund company
	corporation corp coalition movement federation parliament congress senate nations board authority administration initiative project society trust hospital
	school college force forces rights amnesty mission secretariat tribunal bank forum campaign wire herald gazette tribune monitor cross crescent headquarters
	journal daily broadcasting radio television refuge aid relief house league assembly observatory government team academy`)

// famous are organisations of one word.
var famous = set(`reuters yonhap amnesty xinhua interpol unhcr unicef kyodo bloomberg bbc cnn nato oxfam kcna ap afp upi voa un`)

// titles stand before a name.
var titles = set(`president mr mrs ms miss dr pastor reverend rev minister sen senator rep gov governor general gen colonel col captain capt lieutenant lt sergeant sgt
	professor prof chairman chairwoman chancellor king queen secretary ambassador judge justice bishop archbishop father sister brother premier
	mr. mrs. ms. dr. rev. sen. rep. gov. gen. col. capt. lt. sgt. prof. fr. inspector commissioner rapporteur mayor`)

// roles are what people are.
var roles = set(`director activist pastor missionary priest lawyer spokesman spokeswoman spokesperson researcher analyst adviser advisor leader head chief founder coordinator
	official officer journalist reporter professor doctor nurse teacher student defector refugee survivor witness resident villager broker driver campaigner
	minister secretary chairman chairwoman president ambassador diplomat envoy rapporteur expert scholar author historian economist editor correspondent
	attorney prosecutor judge commander general soldier farmer worker volunteer manager executive investigator father mother son daughter brother sister uncle aunt
	cousin husband wife neighbour neighbor friend colleague helper guide translator interpreter member representative lawmaker senator mayor governor counsel`)

// placeWords end the names of places, or stand before "of" and one.
var placeWords = set(`city town village province county district region island islands river bridge street road avenue square mountain mountains lake sea bay port harbour harbor
	airport station camp prison border valley peninsula state prefecture ocean strait highway gulf coast hills forest capital crossing checkpoint province's`)

// countries are the states of the world, and a few names that are used for them.
var countries = func() map[string]bool {
	out := map[string]bool{}
	for _, c := range strings.Split(`afghanistan,albania,algeria,andorra,angola,argentina,armenia,australia,austria,azerbaijan,bahrain,bangladesh,belarus,belgium,belize,benin,bhutan,
bolivia,bosnia and herzegovina,bosnia,botswana,brazil,brunei,bulgaria,burkina faso,burma,burundi,cambodia,cameroon,canada,chad,chile,china,colombia,comoros,congo,costa rica,
croatia,cuba,cyprus,czech republic,czechia,denmark,djibouti,east timor,ecuador,egypt,el salvador,eritrea,estonia,eswatini,ethiopia,fiji,finland,france,gabon,gambia,georgia,
germany,ghana,greece,guatemala,guinea,guyana,haiti,honduras,hong kong,hungary,iceland,india,indonesia,iran,iraq,ireland,israel,italy,ivory coast,jamaica,japan,jordan,kazakhstan,
kenya,kosovo,kuwait,kyrgyzstan,laos,latvia,lebanon,lesotho,liberia,libya,lithuania,luxembourg,macau,madagascar,malawi,malaysia,maldives,mali,malta,mauritania,mauritius,mexico,
moldova,monaco,mongolia,montenegro,morocco,mozambique,myanmar,namibia,nepal,netherlands,new zealand,nicaragua,niger,nigeria,north korea,north macedonia,norway,oman,pakistan,
palestine,panama,papua new guinea,paraguay,peru,philippines,poland,portugal,qatar,romania,russia,rwanda,saudi arabia,senegal,serbia,sierra leone,singapore,slovakia,slovenia,
somalia,south africa,south korea,south sudan,spain,sri lanka,sudan,sweden,switzerland,syria,taiwan,tajikistan,tanzania,thailand,tibet,togo,tunisia,turkey,turkmenistan,uganda,
ukraine,united arab emirates,united kingdom,united states,uruguay,uzbekistan,vatican,venezuela,vietnam,yemen,zambia,zimbabwe,korea,u.s,u.s.,us,uk,u.k.,usa,america,britain,england,
southeast asia,beijing,seoul,pyongyang,washington,moscow,tokyo,london,paris,geneva,brussels,new york,manhattan,kabul,damascus,tehran,kyiv`, ",") {
		out[strings.TrimSpace(c)] = true
	}
	return out
}()

// nationalities are no names.
var nationalities = set(`korean koreans chinese american americans japanese russian russians british german germans french italian spanish thai vietnamese laotian lao burmese
	indian indians pakistani iranian iraqi syrian syrians afghan afghans turkish israeli palestinian palestinians egyptian nigerian kenyan ethiopian sudanese ukrainian
	ukrainians mongolian uyghur uyghurs uighur tibetan tibetans rohingya european asian african western eastern northern southern christian muslim buddhist communist
	canadian australian mexican brazilian polish dutch swedish norwegian swiss cuban venezuelan philippine filipino indonesian malaysian cambodian nepali english islamic
	catholic protestant jewish arab kurdish christians muslims`)
