// Loops over columns that every part of the engine needs: gather, hash, compare, select. Each is measured in
// bench/micro/expressions.cc.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "batch/column.h"

namespace levada {

// A column of the rows alone, dense. Strings are shared, not copied.
ColumnRef gather(const Column& column, Rows rows);

// Folds the hash of each row's value into hashes[i], i counting the rows as they come; equal values give equal hashes,
// null is a value. Start with `hashes` all equal. `hashes` has rows.size() elements.
void hash(const Column& column, Rows rows, std::span<std::uint64_t> hashes);

// The hash of a string of bytes that hash() builds on; also for keys in their stored form. 64 well mixed bits.
std::uint64_t hash_bytes(const char* data, std::size_t size);

// <0, 0, >0. Nulls are equal to each other and before all values; NaN is equal to itself and after all numbers. Both
// columns of one type. Arrays and structures compare element by element, maps entry by entry in the order of their
// keys: maps with the same entries are equal, and have equal hashes.
int compare(const Column& a, std::uint32_t a_row, const Column& b, std::uint32_t b_row);

// The rows whose boolean is true; false and null drop out.
std::vector<std::uint32_t> select_true(const Column& booleans, Rows rows);

}  // namespace levada
