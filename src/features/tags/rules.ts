import { hash } from 'node:crypto';

/** How sure a rule is, above 0 and at most 1. A tag that several rules give is as sure as the surest. */
export type Rule = { given: string; tag: string; confidence: number };

/** `from: [a, b]` as `tag confidence, tag confidence`. */
function rulesOf(table: Readonly<Record<string, string>>): Rule[] {
  return Object.entries(table).flatMap(([given, tags]) =>
    tags.split(', ').map((entry) => {
      const [tag = '', confidence = ''] = entry.split(' ');
      return { given, tag, confidence: Number(confidence) };
    }),
  );
}

/** By the slug of a genre or of its parent. What a genre only makes likely is below 0.6. */
const GENRES = rulesOf({
  horror: 'horror 0.95, moderate_peril 0.8, darkness 0.5, monsters 0.5, ghosts 0.5, psychological_horror 0.5',
  thriller: 'suspense 0.9, moderate_peril 0.7, intense_action 0.5',
  mystery: 'suspense 0.6',
  action: 'intense_action 0.9, violence 0.7, moderate_peril 0.7',
  'action-adventure': 'intense_action 0.8, violence 0.6, moderate_peril 0.7',
  adventure: 'mild_peril 0.6',
  'science-fiction': 'aliens 0.5, robots 0.5',
  'sci-fi': 'aliens 0.5, robots 0.5',
  'sci-fi-fantasy': 'aliens 0.5, monsters 0.5, magic 0.5',
  fantasy: 'magic 0.8, monsters 0.5, witches 0.5',
  animation: 'mild_peril 0.5',
  comedy: 'mild_peril 0.5',
  family: 'family_friendly 0.8',
  kids: 'family_friendly 0.8',
  children: 'family_friendly 0.8',
  war: 'war 0.95, violence 0.8, intense_action 0.7',
  'war-politics': 'war 0.8, violence 0.6, moderate_peril 0.6',
  crime: 'crime 0.95, violence 0.6',
  western: 'guns 0.8, violence 0.6',
  romance: 'romance 0.9',
});

/** By the code of a US board; the age tags of other codes go by their age. */
const CODES = rulesOf({
  G: 'rating_g 1',
  PG: 'rating_pg 1',
  'PG-13': 'rating_pg13 1',
  R: 'rating_r 1',
  'NC-17': 'rating_nc17 1',
  'TV-Y': 'rating_tv_y 1, preschool 1',
  'TV-Y7': 'rating_tv_y7 1',
  'TV-Y7-FV': 'rating_tv_y7 1',
  'TV-G': 'rating_tv_g 1',
  'TV-PG': 'rating_tv_pg 1',
  'TV-14': 'rating_tv_14 1',
  'TV-MA': 'rating_tv_ma 1',
});

/** By the age a title is rated for, in years, both ends counted. */
const AGES = [
  { from: 0, upto: 5, tag: 'family_friendly' },
  { from: 6, upto: 7, tag: 'early_childhood' },
  { from: 8, upto: 11, tag: 'kids' },
  { from: 12, upto: 16, tag: 'teens' },
  { from: 17, upto: 99, tag: 'adults_only' },
] as const;

/** By what is noted of a title itself: `adult`, or how much nudity. */
const NOTED = rulesOf({
  adult: 'adults_only 1, sexual_content 1, nudity 1',
  mild: 'nudity 0.6',
  moderate: 'nudity 1',
  severe: 'nudity 1, sexual_content 0.8',
});

/**
 * By words, as Postgres' English dictionary stems them: of keywords and genres, which somebody chose, and of titles and
 * overviews, where a word may be said of something that is not shown. Words with an everyday sense ("fire" somebody,
 * "dark" humour) are left out.
 */
const WORDS: Readonly<Record<string, string>> = {
  clowns: 'clown',
  spiders: 'spider | tarantula | arachnophobia',
  snakes: 'snake | python | cobra | viper',
  insects: 'wasp | hornet | bee | locust | cockroach',
  dogs: 'rabid <-> dog | killer <-> dog | hellhound',
  sharks: 'shark | piranha',
  dinosaurs: 'dinosaur | velociraptor | tyrannosaurus',
  monsters: 'monster | beast | ogre | troll | kaiju | creature',
  dragons: 'dragon',
  vampires: 'vampire | dracula',
  werewolves: 'werewolf | werewolves | lycanthrope',
  ghosts: 'ghost | haunted | poltergeist | seance',
  zombies: 'zombie | undead | living <-> dead',
  witches: 'witch | witchcraft | sorceress',
  demons: 'demon | exorcism | satan | devil | possession',
  skeletons: 'skeleton',
  aliens: 'alien | extraterrestrial | ufo',
  robots: 'killer <-> robot | android | cyborg | terminator',
  dolls: 'killer <-> doll | possessed <-> doll | ventriloquist',
  magic: 'magic | wizard | spell | sorcery | sorcerer',
  darkness: 'darkness | blackout',
  confined_spaces: 'claustrophobia | trapped | buried <-> alive | cave',
  heights: 'vertigo | acrophobia | mountaineering | skydiving',
  water_danger: 'drown | shipwreck | tsunami | capsize',
  thunderstorms: 'thunderstorm | hurricane | tornado',
  fire: 'wildfire | arson | inferno | blaze | firefighter',
  natural_disasters:
    'earthquake | volcano | avalanche | tsunami | tornado | hurricane | natural <-> disaster',
  medical_procedures: 'surgery | surgeon | hospital | transplant',
  dentist: 'dentist',
  blood: 'blood | gore | splatter | bloodbath',
  being_lost: '(lost | missing | runaway) <-> (child | boy | girl | son | daughter | kid)',
  kidnapping: 'kidnap | abduct | hostage | ransom',
  home_invasion: 'home <-> invasion | burglar | burglary | intruder',
  car_accident: '(car | traffic) <-> (accident | crash)',
  plane_crash: 'plane <-> crash',
  prison: 'prison | jail | inmate',
  war: 'war | battlefield | soldier | genocide | holocaust',
  guns: 'gun | gunfight | shootout | sniper | gunman',
  animal_cruelty: 'animal <-> (cruelty | abuse) | dogfight',
  death: 'death | dead | die',
  parent_death: '(death <2> (parent | mother | father)) | orphan | (mother | father) <2> (die | death)',
  child_death: 'death <2> (child | son | daughter) | (son | daughter) <2> (die | death)',
  pet_death: 'death <2> (pet | dog | cat)',
  funerals: 'funeral | burial',
  grief: 'grief | mourn | bereavement',
  divorce: 'divorce | separated <-> parents | custody',
  suicide: 'suicide | self <-> harm',
  jump_scares: 'jump <-> scare',
  suspense: 'suspense',
  nightmares: 'nightmare | bad <-> dream',
  hallucinations: 'hallucination | delusion',
  chases: 'chase | car <-> chase | pursuit',
  moderate_peril: 'survival | peril',
  intense_action: 'combat | martial <-> arts',
  psychological_horror: 'psychological <-> (horror | thriller)',
  bullying: 'bully | bullying | cyberbullying',
  embarrassment: 'humiliate | humiliation | embarrass',
  rejection: 'loneliness | lonely | outcast',
  racism: 'racism | racist | segregation | apartheid',
  discrimination: 'discrimination | homophobia | antisemitism',
  violence: 'violence | violent | brutal | torture',
  crime: 'crime | criminal | gangster | mafia | heist | robbery',
  murder: 'murder | killer | assassin | slasher',
  strong_language: 'profanity | swearing',
  sexual_content: 'sex | sexual | erotic | prostitute | prostitution',
  nudity: 'nudity | nude | striptease',
  sexual_violence: 'rape | rapist | sexual <-> (assault | abuse)',
  drugs: 'drug | cocaine | heroin | overdose | marijuana | methamphetamine',
  alcohol: 'alcohol | alcoholism | drunk | alcoholic',
  smoking: 'smoking | cigarette',
  gambling: 'gambling | gambler | casino | poker',
};

const CHOSEN_WORDS = 0.8;
const TOLD_WORDS = 0.6;

export const RULES = {
  genres: GENRES,
  codes: CODES,
  ages: AGES,
  noted: NOTED,
  words: Object.entries(WORDS).map(([tag, query]) => ({ tag, query })),
  chosenWords: CHOSEN_WORDS,
  toldWords: TOLD_WORDS,
};

/** Another one: every title is looked at anew. `countries`: whose ratings decide, in order. */
export function rulesVersion(countries: readonly string[]): number {
  return hash('sha256', JSON.stringify([RULES, countries]), 'buffer').readUIntBE(0, 6);
}
