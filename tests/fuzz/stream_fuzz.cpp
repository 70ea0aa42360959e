// What a provider streams: the gate before the client and the scanner of
// usage. However it is cut, the same must come out. An input's size picks the
// protocol.

#include "actors/domain/stream_gate.hpp"
#include "actors/domain/usage_scanner.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <string>

using namespace rota;
using namespace rota::fuzz;

namespace {

/// More than an input has: then a gate opens by its content alone.
constexpr size_t held_max = 1 << 20;

struct passage {
  std::string text;
  std::string held;
  bool open, complete, fault;
  std::optional<usage> used;
};

template <class Feed>
passage pass(surface route, bool swallow, Feed feed) {
  stream_gate gate{route, held_max, swallow};
  passage x;
  feed([&](std::string_view piece) { x.text += gate.feed(piece); });
  x.text += gate.finish();
  x.open = gate.is_open();
  x.complete = gate.complete();
  x.fault = gate.fault();
  x.used = gate.used();
  x.held = gate.take_held();
  return x;
}

void try_gate(surface route, bool swallow, std::string_view input) {
  const auto whole = pass(route, swallow, [input](auto f) { f(input); });
  const auto cut = pass(route, swallow,
                        [input](auto f) { in_pieces(input, f); });
  require(whole.open == cut.open && whole.complete == cut.complete
            && whole.fault == cut.fault,
          "a gate judges a stream alike however it is cut");
  require(whole.text == cut.text && whole.held == cut.held,
          "the same passes however a stream is cut");
  require(whole.used == cut.used,
          "usage is the same however a stream is cut");
  if (!whole.open)
    require(whole.text.empty() && whole.held == input,
            "a shut gate keeps all");
  else if (!swallow)
    require(input.starts_with(whole.text), "what passes is what came");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto input = text_of(data, size);
  const auto route = static_cast<surface>(size % surface_count);
  for (const auto swallow : {false, true})
    try_gate(route, swallow, input);
  usage_scanner whole{route};
  whole.feed(input);
  usage_scanner cut{route};
  in_pieces(input, [&cut](std::string_view x) { cut.feed(x); });
  require(whole.result() == cut.result(),
          "half a stream says the same however it is cut");
  if (const auto used = whole.result())
    require(used->input_uncached >= 0 && used->output >= 0,
            "usage is not negative");
  return 0;
}
