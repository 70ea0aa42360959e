// What a provider answers, as the reader of plain HTTP/1.1 takes it. However
// it is cut and whenever it has to wait, the same must be told.

#include "tests/fuzz/fuzz.hpp"
#include "tests/support/kept_answers.hpp"

using namespace rota;
using namespace rota::fuzz;

namespace {

struct reading {
  kept_answers kept;
  answer_reader::state end;
};

template <class Feed>
reading read(size_t refuses, Feed feed) {
  reading x{kept_answers{refuses}, answer_reader::state::hungry};
  answer_reader it;
  it.begin(x.kept);
  feed([&](std::string_view piece) {
    if (x.end == answer_reader::state::hungry)
      x.end = feed_on(it, piece);
  });
  if (x.end == answer_reader::state::hungry)
    x.end = it.end_of_stream();
  require(x.end != answer_reader::state::hungry
            && x.end != answer_reader::state::paused,
          "an answer ends with its stream");
  require((x.end == answer_reader::state::whole) == x.kept.fault.empty(),
          "an answer is whole or has a fault");
  return x;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto input = text_of(data, size);
  const auto whole = read(0, [input](auto f) { f(input); });
  for (const size_t refuses : {0, 2, 5}) {
    const auto cut = read(refuses, [input](auto f) { in_pieces(input, f); });
    require(whole.end == cut.end,
            "an answer ends alike however it is cut");
    if (whole.end == answer_reader::state::whole)
      require(whole.kept == cut.kept,
              "an answer says the same however it is cut");
  }
  return 0;
}
