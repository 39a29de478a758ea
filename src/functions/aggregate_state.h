// The states of aggregates: blocks of memory that are all zero at first, and what they may own outside.
#pragma once
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

#include "functions/function.h"

namespace levada {

// f(state, row) for every row of the call.
template <class State, class F>
void each_row(const AggregateCall& call, F f) {
  for (std::uint32_t i = 0; i < call.rows.size(); ++i) f(*reinterpret_cast<State*>(call.states[i]), call.rows[i]);
}

// The same for the rows where the first argument is not null, with its value.
template <class State, class T, class F>
void each_value(const AggregateCall& call, F f) {
  const Argument& a = call.arguments[0];
  const T* values = a.column->values<T>();
  if (!a.column->has_nulls()) {
    each_row<State>(call, [&](State& state, std::uint32_t row) { f(state, row, values[a.at(row)]); });
  } else {
    each_row<State>(call, [&](State& state, std::uint32_t row) {
      if (!a.is_null(row)) f(state, row, values[a.at(row)]);
    });
  }
}

template <class State>
const State& state_at(std::span<char* const> states, std::size_t i) {
  return *reinterpret_cast<const State*>(states[i]);
}

// Most states begin as zeros.
template <class State>
void start_zeroed(char* state) {
  std::memset(state, 0, sizeof(State));
}

// Bytes that a state owns. Zeros are the empty one; free() before the state goes.
struct OwnedBytes {
  char* data;
  std::uint32_t size, capacity;

  std::string_view view() const { return {data, size}; }
  void assign(std::string_view bytes) {
    if (bytes.size() > capacity) {
      delete[] data;
      capacity = static_cast<std::uint32_t>(bytes.size() + bytes.size() / 4 + 8);
      data = new char[capacity];
    }
    size = static_cast<std::uint32_t>(bytes.size());
    if (size > 0) std::memcpy(data, bytes.data(), size);
  }
  void free() { delete[] data; }
};

// A state that is an object of its own, made when the first row comes.
//
// T has add/remove members that its aggregate calls, and save(ByteWriter&) const, bool load(ByteReader&).
template <class T>
struct Owned {
  T* object;

  T& get() {
    if (!object) object = new T();
    return *object;
  }

  static void start(char* state) { start_zeroed<Owned>(state); }
  static void end(char* state) { delete reinterpret_cast<Owned*>(state)->object; }
  static void save(const char* state, Buffer& out) {
    static const T empty{};
    const T* object = reinterpret_cast<const Owned*>(state)->object;
    ByteWriter writer(out);
    (object ? *object : empty).save(writer);
  }
  static bool load(char* state, ByteReader& in) { return reinterpret_cast<Owned*>(state)->get().load(in) && in.ok(); }
};

}  // namespace levada
