#pragma once

namespace rota {

/// Lets go of the pages of files that are resident now and that nobody has
/// written to or can write to: those of the program and of its libraries. A
/// start touches many times what serving needs, and each page counts as
/// resident until memory runs short. What is needed again comes from the
/// system's page cache. Where there is no /proc, nothing happens.
/// Source: madvise(2), MADV_DONTNEED on private mappings of files.
void release_program_pages();

} // namespace rota
