//! What an import read and what it refused, file by file.

use std::fmt;

/// One reason why a pack is not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's path inside the pack.
    pub file: String,
    /// The line, where the problem has one; the first is 1.
    pub line: Option<u32>,
    /// What was found.
    pub found: String,
    /// What is allowed, or what to do.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}: {}", self.file, self.found, self.remedy),
            None => write!(f, "{}: {}: {}", self.file, self.found, self.remedy),
        }
    }
}

/// What was read of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileReport {
    /// The file's path inside the pack.
    pub file: String,
    /// Pages of a document; 0 where its format has none.
    pub pages: u32,
    /// Characters of text.
    pub characters: usize,
    /// Sections of a document.
    pub sections: usize,
    /// Tables of a document.
    pub tables: usize,
    /// Questions with an answer.
    pub faq_entries: usize,
    /// Characters of a document that could not be told.
    pub unreadable: usize,
    /// Why the file was refused; `None` when it was read.
    pub refused: Option<String>,
}

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = &self.refused {
            return write!(f, "{}: refused: {reason}", self.file);
        }
        write!(f, "{}: ", self.file)?;
        if self.pages > 0 {
            write!(f, "{} page{}, ", self.pages, if self.pages == 1 { "" } else { "s" })?;
        }
        write!(f, "{} characters", self.characters)?;
        let counts = [(self.sections, "section"), (self.tables, "table"), (self.faq_entries, "question")];
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {what}{}", if count == 1 { "" } else { "s" })?;
        }
        if self.unreadable > 0 {
            write!(f, ", {} unreadable", percent(self.unreadable, self.characters))?;
        }
        Ok(())
    }
}

/// A share of a document's characters. Rounded up, so that only nothing is 0.
pub(super) fn percent(part: usize, characters: usize) -> String {
    let tenths = (part * 1_000).div_ceil(characters.max(1)).min(1_000);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// What an import read and what it refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// Every file of the pack, ordered by name.
    pub files: Vec<FileReport>,
    /// Every reason against the pack, at most [`Self::PROBLEMS_MAX`]; empty when it was imported.
    pub problems: Vec<Problem>,
    /// Problems that are not listed, because there are too many.
    pub problems_unlisted: usize,
}

impl ImportReport {
    /// Problems that are listed. A pack with more has one cause for most of them.
    pub const PROBLEMS_MAX: usize = 500;

    /// Adds a reason against the pack.
    pub(super) fn refuse(&mut self, problem: Problem) {
        if self.problems.len() < Self::PROBLEMS_MAX {
            self.problems.push(problem);
        } else {
            self.problems_unlisted += 1;
        }
    }

    /// Adds a reason that belongs to a file as a whole or to one of its lines.
    pub(super) fn refuse_file(
        &mut self,
        file: &str,
        line: Option<u32>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.refuse(Problem { file: file.to_owned(), line, found: found.into(), remedy: remedy.into() });
    }

    /// Orders the report and marks every file that has a problem as refused.
    pub(super) fn finish(&mut self) {
        self.problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        for problem in &self.problems {
            match self.files.iter_mut().find(|file| file.file == problem.file) {
                Some(file) => {
                    file.refused.get_or_insert_with(|| problem.found.clone());
                }
                None => self.files.push(FileReport {
                    file: problem.file.clone(),
                    refused: Some(problem.found.clone()),
                    ..FileReport::default()
                }),
            }
        }
        self.files.sort_by(|a, b| a.file.cmp(&b.file));
    }

    /// The problems, one a line; empty for a report without any.
    pub(super) fn problem_list(&self) -> String {
        let mut lines: Vec<_> = self.problems.iter().map(ToString::to_string).collect();
        if self.problems_unlisted > 0 {
            lines.push(format!("… and {} more", self.problems_unlisted));
        }
        lines.join("\n")
    }
}

impl fmt::Display for ImportReport {
    /// Every file with what was read of it, then the problems.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<_> = self.files.iter().map(ToString::to_string).collect();
        f.write_str(&files.join("\n"))?;
        if !self.problems.is_empty() {
            write!(f, "\n\n{}", self.problem_list())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_the_file_the_line_and_the_way_out() {
        let mut report = ImportReport::default();
        report.refuse_file("tests.csv", Some(7), "the category '대츌' does not exist", "use a name of categories.toml");
        report.refuse_file("documents/a.pdf", None, "PDF is not read yet", "save it as Markdown");
        report.finish();
        assert_eq!(
            report.problem_list(),
            "documents/a.pdf: PDF is not read yet: save it as Markdown\n\
             tests.csv:7: the category '대츌' does not exist: use a name of categories.toml"
        );
        assert_eq!(report.files[0].refused.as_deref(), Some("PDF is not read yet"));
        assert!(report.to_string().starts_with("documents/a.pdf: refused: PDF is not read yet\ntests.csv: refused: "));
    }

    #[test]
    fn a_report_without_problems_says_what_was_read() {
        let file = FileReport {
            file: "documents/a.md".into(),
            characters: 812,
            sections: 5,
            tables: 1,
            ..FileReport::default()
        };
        let printed = FileReport {
            file: "documents/b.pdf".into(),
            pages: 3,
            characters: 3_000,
            sections: 1,
            unreadable: 1,
            ..FileReport::default()
        };
        let report = ImportReport { files: vec![file, printed], ..ImportReport::default() };
        let expected = "documents/a.md: 812 characters, 5 sections, 1 table\n\
                        documents/b.pdf: 3 pages, 3000 characters, 1 section, 0.1% unreadable";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn a_flood_of_problems_is_counted_rather_than_kept() {
        let mut report = ImportReport::default();
        for line in 0..700 {
            report.refuse_file("tests.csv", Some(line), "x", "y");
        }
        assert_eq!((report.problems.len(), report.problems_unlisted), (500, 200));
        assert!(report.problem_list().ends_with("… and 200 more"));
    }
}
