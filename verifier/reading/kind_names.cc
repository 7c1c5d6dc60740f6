// The names of what word problems count.
#include <string>
#include <unordered_set>

#include "verifier/reading/words.h"

namespace drover::verifier {
namespace {

// In the singular, apart by spaces. None of them changes a number that stands before it.
constexpr std::string_view kKinds =
    "account acorn actor adult airplane album almond anagram angle animal answer ant apartment apple arc "
    "area "
    "arm arrangement article artist assignment atom attempt award baby bacteria badge bag bagel ball balloon "
    "ballot banana bank banner bap barrel basket batch bead bean bear beat bed bee beetle belt bench berry "
    "bicycle bike bill bin bird birthday blanket block blueberry board boat bolt bond bone bonus book boot "
    "bottle bouquet bowl box boy bracelet branch bread breakfast brick bridge brush bucket bug building bulb "
    "bull bun bunny burger bus bush bushel butterfly button cabbage cabinet cake calf call camel camera "
    "camper can candidate candle candy canoe cap car card carpet carrot carton case cat caterpillar cell "
    "certificate chain chair chance chapter character cheese cherry chicken child chip chocolate choice "
    "chord "
    "circle citizen city class clock cloth coat coconut code coin color column combination competitor "
    "composite computer concert cone container contestant continent cookie corn corner cost costume couch "
    "country couple cow crab cracker crate crayon crew crow crystal cube cucumber cupcake curtain customer "
    "cycle cyclist cylinder daisy dancer dap decimal deck decoration decrease deer delivery deposit desk "
    "diagonal diameter diamond die digit dime dinar dinner discount dish divisor doctor dog doll dolphin "
    "domino donkey donut door dose dot doughnut draw drawer drawing dress driver drop duck eagle ear earring "
    "edge egg electron element elephant email employee engine engineer envelope eraser error essay exam "
    "exchange exercise experiment eye fabric face factor failure family farm farmer fee fence field film "
    "finger fish flag flavor flight flip floor flower fly folder forest fork fox fraction frame franc friend "
    "frog fruit game garden gate gear gem gene gift giraffe girl glass glove goal goat goldfish goose grape "
    "graph grid group growth guest gumball gumdrop hair hammer hamster hand handshake hat head heart "
    "helicopter hen hexagon hiker hit holiday home hop horse hotdog house increase ingredient inning insect "
    "integer interest intersection ion island item jacket jar jellybean jewel jug jump kayak key kid kind "
    "kitten kiwi knife knight krona ladder ladybug lake lamb lamp lane lap laptop layer leaf leg lemon "
    "lesson "
    "letter level liar library light lime line lion lira lire lizard load loaf loan lobster lock log "
    "lollipop "
    "loss lunch magazine man mango marble mark marker marshmallow mask mass mat match mathematician meal "
    "medal melon member message mirror mistake mitten molecule monkey motorcycle mountain mouse move movie "
    "muffin mug mushroom musician nail necklace neutron newspaper nickel night node nose note notebook novel "
    "number nurse nut occasion octagon octopus onion option orange orb order ornament oscillation outcome "
    "owl "
    "pack package packet page paint painting pair palindrome pan pancake paper parade paragraph "
    "parallelogram "
    "parcel park parrot participant particle party passenger password path patient pattern pawn pea peach "
    "peanut pear pearl pebble peck pen pencil penguin penny pentagon pepper period permutation person peso "
    "pet phone photo photon pick picnic picture pie piece pig pigeon piglet pile pill pillow pineapple "
    "pirate "
    "pitch pizza plane planet plank plant plate player plum point pole poll polygon pony pool portion "
    "possibility post poster pot potato present price prime prism prize probability problem professor profit "
    "project proton pumpkin pupil puppy pyramid quadruplet question queue quilt quiz rabbit race rack radio "
    "radius raspberry rat ratio ray recipe rectangle region report respondent revenue revolution rhombus "
    "ribbon ride rider ring river road rock rocket roll room rooster rope rose rotation round route row ruby "
    "rug ruler run runner sack sailor salary sale sample sandwich scarf school scientist scooter screw "
    "season "
    "seat seed segment semester senior sentence sequence service serving session set shade shape share shark "
    "sheep sheet shelf shell shift ship shirt shoe shop shot shovel show side sign singer singleton size "
    "skater skip skirt slice snack snake sock sofa soldier solution song sort sphere spider spoon spot "
    "square "
    "squash squirrel stack stadium stair stamp star state station step stick sticker stock stone stop store "
    "story strawberry street string stripe stroke student subset substring success survey swap sweet swimmer "
    "switch symbol table tablet taco tank tax teacher team television tent term test tetrahedron tetromino "
    "text thread throw ticket tie tiger tile time tip tire toad toe token tomato tone tool tooth topping "
    "toss "
    "tournament towel tower town toy trade trail train trapezoid tray treat tree trial triangle trick "
    "tricycle trio trip triple triplet trophy truck tub tube tulip tuple turkey turn turtle twin type "
    "vacation value van vase vegetable vertex video village virus visit visitor vitamin volunteer vote voter "
    "waffle wage wagon wall walnut watch watermelon wave way wedding weekend weight whale wheel win window "
    "wire wolf woman word worker worm wreath yap yard yarn zebra";

constexpr std::pair<std::string_view, std::string_view> kIrregular[] = {
    {"people", "person"},   {"children", "child"}, {"men", "man"},           {"women", "woman"},
    {"mice", "mouse"},      {"geese", "goose"},    {"teeth", "tooth"},       {"dice", "die"},
    {"vertices", "vertex"}, {"radii", "radius"},   {"leaves", "leaf"},       {"loaves", "loaf"},
    {"shelves", "shelf"},   {"knives", "knife"},   {"wolves", "wolf"},       {"calves", "calf"},
    {"squashes", "squash"}, {"fishes", "fish"},    {"bacterium", "bacteria"}};

using WordSet = std::unordered_set<std::string_view>;

const WordSet& Kinds() {
  static const WordSet& set = *[] {
    auto* kinds = new WordSet;
    for (std::string_view rest = kKinds; !rest.empty();) {
      const size_t space = rest.find(' ');
      kinds->insert(rest.substr(0, space));
      rest = space == rest.npos ? std::string_view() : rest.substr(space + 1);
    }
    return kinds;
  }();
  return set;
}

std::string_view Find(std::string_view word) {
  const auto it = Kinds().find(word);
  return it == Kinds().end() ? std::string_view() : *it;
}

}  // namespace

std::string_view FindKind(std::string_view word) {
  for (const auto& [plural, singular] : kIrregular) {
    if (word == plural) return singular;
  }
  if (const std::string_view kind = Find(word); !kind.empty() || word.size() < 4 || word.back() != 's')
    return kind;
  if (const std::string_view kind = Find(word.substr(0, word.size() - 1)); !kind.empty()) return kind;
  if (word.substr(word.size() - 2) != "es") return {};
  if (const std::string_view kind = Find(word.substr(0, word.size() - 2)); !kind.empty()) return kind;
  if (word[word.size() - 3] != 'i') return {};
  return Find(std::string(word.substr(0, word.size() - 3)) + "y");
}

}  // namespace drover::verifier
