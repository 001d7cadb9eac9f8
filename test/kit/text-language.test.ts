import { describe, expect, it } from 'vitest';
import { languageOfText } from '../../src/kit/text-language.ts';

// Talk as it stands in subtitles.
const TALK: readonly (readonly [string, string])[] = [
  [
    'en',
    "I don't know what you're talking about. Where have you been all night? We have to leave before they come back. It was never about the money, you know that. Come on, get in the car. He said he would wait for us at the station.",
  ],
  [
    'de',
    'Ich weiß nicht, wovon du sprichst. Wo warst du die ganze Nacht? Wir müssen gehen, bevor sie zurückkommen. Es ging nie ums Geld, das weißt du. Komm schon, steig ins Auto. Er sagte, er würde am Bahnhof auf uns warten.',
  ],
  [
    'nl',
    'Ik weet niet waar je het over hebt. Waar ben je de hele nacht geweest? We moeten weg voordat ze terugkomen. Het ging nooit om het geld, dat weet je. Kom op, stap in de auto. Hij zei dat hij op het station op ons zou wachten.',
  ],
  [
    'sv',
    'Jag vet inte vad du pratar om. Var har du varit hela natten? Vi måste gå innan de kommer tillbaka. Det handlade aldrig om pengarna, det vet du. Kom nu, sätt dig i bilen. Han sa att han skulle vänta på oss vid stationen.',
  ],
  [
    'da',
    'Jeg ved ikke, hvad du taler om. Hvor har du været hele natten? Nej, hun sagde noget andet til mig. Hvorfor skal du altid gøre det nu? Han blev væk efter festen, og ingen gik ud for at lede. Kom her, jeg skal vise dig noget af det.',
  ],
  [
    'no',
    'Jeg vet ikke hva du snakker om. Hvor har du vært hele natten? Nei, hun sa noe annet til meg. Hvorfor skal du alltid gjøre det nå? Han ble borte etter festen, og ingen gikk ut for å lete. Kom hit, jeg skal vise deg noe av det.',
  ],
  [
    'fi',
    'En tiedä mistä sinä puhut. Missä olet ollut koko yön? Meidän täytyy lähteä ennen kuin he tulevat takaisin. Se ei ole sitä mitä minä sanoin. Hän on nyt kotona, mutta en ole nähnyt häntä. Mitä sinä sen kanssa teet? Ei se niin ole.',
  ],
  [
    'fr',
    "Je ne sais pas de quoi tu parles. Où étais-tu toute la nuit ? Nous devons partir avant qu'ils reviennent. Il n'a jamais été question d'argent, tu le sais. Allez, monte dans la voiture. Il a dit qu'il nous attendrait à la gare.",
  ],
  [
    'es',
    'No sé de qué estás hablando. ¿Dónde has estado toda la noche? Tenemos que irnos antes de que vuelvan. Nunca se trató del dinero, lo sabes. Vamos, sube al coche. Dijo que nos esperaría en la estación, pero no había nadie.',
  ],
  [
    'pt',
    'Não sei do que você está falando. Onde você esteve a noite toda? Temos que ir embora antes que eles voltem. Nunca foi pelo dinheiro, você sabe disso. Vamos, entre no carro. Ele disse que esperaria por nós na estação.',
  ],
  [
    'it',
    'Non so di cosa stai parlando. Dove sei stato tutta la notte? Dobbiamo andarcene prima che tornino. Non si è mai trattato di soldi, lo sai. Dai, sali in macchina. Ha detto che ci avrebbe aspettato alla stazione.',
  ],
  [
    'pl',
    'Nie wiem, o czym mówisz. Gdzie byłeś całą noc? Musimy iść, zanim wrócą. Nigdy nie chodziło o pieniądze, wiesz o tym. Chodź, wsiadaj do samochodu. Powiedział, że będzie na nas czekał na dworcu. Co się z tobą dzieje?',
  ],
  [
    'cs',
    'Já nevím, co jsem měl dělat. Proč tady ještě jsi? Něco ti řeknu, když budeš chtít. Nemůže to být on, není už tady. Jak to, že jste mě nečekali? Ten člověk je pryč a my jsme sami. Co když se ještě vrátí? To není možné, jsem si jistý.',
  ],
  [
    'sk',
    'Ja neviem, čo som mal robiť. Prečo si ešte tu? Niečo ti poviem, keď budeš chcieť. Nemôže to byť on, nie je už tu. Ako to, že ste ma nečakali? Ten človek je preč a my sme sami. Čo keď sa ešte vráti? To nie je možné, som si istý.',
  ],
  [
    'hu',
    'Nem tudom, miről beszélsz. Hol voltál egész éjjel? El kell mennünk, mielőtt visszajönnek. Soha nem a pénzről szólt, ezt tudod. Gyerünk, szállj be az autóba. Azt mondta, az állomáson vár ránk. Mi van veled? Ez csak egy ház.',
  ],
  [
    'ro',
    'Nu știu despre ce vorbești. Unde ai fost toată noaptea? Trebuie să plecăm înainte să se întoarcă. N-a fost niciodată vorba de bani, știi asta. Haide, urcă în mașină. A zis că ne așteaptă la gară.',
  ],
  [
    'tr',
    'Bu ne, bir şey mi var? Ben seni çok bekledim ama sen yoksun. Evet, o daha iyi bir adam, değil mi? Hayır, bunu sana kim söyledi? Tamam, ne için geldin? Ben de senin gibi bir şey bilmiyorum. Onu bana ver, bu çok önemli. Ne var ne yok?',
  ],
  [
    'ru',
    'Я не знаю, о чём ты говоришь. Где ты был всю ночь? Нам надо уйти, пока они не вернулись. Дело никогда не было в деньгах, ты это знаешь. Давай, садись в машину. Он сказал, что будет ждать нас на вокзале.',
  ],
  [
    'uk',
    'Я не знаю, про що ти говориш. Де ти був усю ніч? Нам треба піти, поки вони не повернулися. Справа ніколи не була в грошах, ти це знаєш. Давай, сідай у машину. Він сказав, що чекатиме нас на вокзалі.',
  ],
  [
    'bg',
    'Аз не знам какво е това. Защо си тук? Той беше тук, но сега няма никой. Ще ти кажа нещо: това не съм аз. Добре, как се казваш? Какво ще правим сега? Аз съм тук от вчера, а той беше с мен. Това няма да стане. Защо, какво има?',
  ],
  [
    'vi',
    'Tôi không biết bạn đang nói gì. Bạn đã ở đâu cả đêm? Chúng ta phải đi trước khi họ quay lại. Chưa bao giờ là vì tiền, bạn biết mà. Anh có nghe không? Đó là xe của em và tôi, không phải của người ta.',
  ],
  ['el', 'Δεν ξέρω για τι πράγμα μιλάς. Πού ήσουν όλη τη νύχτα; Πρέπει να φύγουμε πριν γυρίσουν.'],
  [
    'he',
    'אני לא יודע על מה אתה מדבר. איפה היית כל הלילה? אנחנו חייבים ללכת לפני שהם יחזרו. זה אף פעם לא היה בגלל הכסף.',
  ],
  [
    'ar',
    'لا أعرف عما تتحدث. أين كنت طوال الليل؟ يجب أن نغادر قبل أن يعودوا. لم يكن الأمر يتعلق بالمال أبدا، أنت تعرف ذلك.',
  ],
  ['th', 'ฉันไม่รู้ว่าคุณกำลังพูดถึงอะไร คุณไปไหนมาทั้งคืน เราต้องไปก่อนที่พวกเขาจะกลับมา ไม่เคยเป็นเรื่องเงิน คุณก็รู้'],
  [
    'ja',
    '何を言っているのかわからない。一晩中どこにいたの？彼らが戻ってくる前に出なければならない。お金の話じゃないって知っているでしょう。早く車に乗って。',
  ],
  [
    'ko',
    '무슨 말인지 모르겠어. 밤새 어디 있었어? 그들이 돌아오기 전에 떠나야 해. 돈 때문이 아니었다는 거 알잖아. 어서 차에 타. 역에서 우리를 기다리겠다고 했는데 아무도 없었어.',
  ],
  [
    'zh',
    '我不知道你在说什么。你整晚都去哪儿了？我们必须在他们回来之前离开。这从来都不是钱的问题，你知道的。快上车。他说他会在车站等我们，但是那里没有人。现在怎么办？',
  ],
];

describe('the language of what is said', () => {
  it.each(TALK)('%s', async (code, text) => {
    expect(await languageOfText(text)).toBe(code);
  });

  it.each([
    ['nothing', ''],
    ['a few words', 'I know what you did.'],
    [
      'sounds and names',
      '[music] Ah! Oh! Mmm. Tom? Anna! Hahaha! La la la la la! Oooh, Roxanne! Beverly Hills, Sunset Boulevard 1947. [door] [steps] Hm. Brr! Paris! London! Berlin! Ta-da! Boom! Bang! Psst! Roger, Alpha Bravo Charlie.',
    ],
    ['numbers', '1 2 3 4 5 '.repeat(200)],
    [
      'two languages in turns',
      TALK.slice(0, 2)
        .map(([, text]) => text)
        .join(' '),
    ],
    [
      'Croatian',
      'Ne znam o čemu govoriš. Gdje si bio cijelu noć? Moramo otići prije nego što se vrate. Nikad se nije radilo o novcu, to znaš. Hajde, uđi u auto. Rekao je da će nas čekati na kolodvoru, ali nikoga nije bilo.',
    ],
    [
      'Slovene',
      'Ne vem, o čem govoriš. Kje si bil vso noč? Oditi moramo, preden se vrnejo. Nikoli ni šlo za denar, to veš. Daj no, sedi v avto. Rekel je, da nas bo počakal na postaji, vendar ni bilo nikogar.',
    ],
    [
      'Serbian',
      'Не знам о чему причаш. Где си био целу ноћ? Морамо да идемо пре него што се врате. Никада се није радило о новцу, то знаш. Хајде, уђи у кола. Рекао је да ће нас чекати на станици.',
    ],
    [
      'Catalan',
      "No sé de què parles. On has estat tota la nit? Hem de marxar abans que tornin. Mai s'ha tractat dels diners, ja ho saps. Vinga, puja al cotxe. Va dir que ens esperaria a l'estació, però no hi havia ningú.",
    ],
    [
      'Persian',
      'نمی‌دانم درباره چه حرف می‌زنی. تمام شب کجا بودی؟ باید قبل از اینکه برگردند برویم. هیچ وقت به خاطر پول نبود، خودت می‌دانی.',
    ],
    [
      'Estonian',
      'Ma ei tea, millest sa räägid. Kus sa terve öö olid? Me peame minema, enne kui nad tagasi tulevad. Asi polnud kunagi rahas. Tule, istu autosse. Ta ütles, et ootab meid jaamas, aga seal polnud kedagi.',
    ],
  ])('is not said of %s', async (_what, text) => {
    expect(await languageOfText(text)).toBeNull();
  });

  it('takes no longer for a long text', async () => {
    const text = TALK.map(([, talk]) => talk)
      .join(' ')
      .repeat(400);
    await languageOfText(text);
    const startedAt = performance.now();
    await languageOfText(text);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
