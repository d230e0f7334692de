//! The certificates that the running server shows: for which names there is one, and whether it is as it should be.

use time::Duration;
use time::OffsetDateTime;

use crate::config::Config;
use crate::config::SiteSource;
use crate::edge::Shown;

/// Certificates are renewed when a third of their life is left, or before.
const LIFE_LEFT_MIN: f64 = 1.0 / 6.0;
/// For those that are valid for long, as somebody has to put the next one there.
const DAYS_LEFT_MAX: Duration = Duration::days(14);

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Good,
    /// It should have been renewed by now.
    Late,
    /// Its time is over.
    Over,
    /// Its time has not begun.
    Early,
    /// It is for other names.
    WrongName,
}

/// The names of each site that has a certificate, and where that comes from. Where none has, there is one for localhost.
pub fn sites(config: &Config) -> Vec<(Vec<String>, SiteSource)> {
    let sites = config.edge.sites.iter().filter(|site| site.source != SiteSource::Off);
    let mut sites: Vec<_> = sites.map(|site| (site.names.clone(), site.source)).collect();
    if sites.is_empty() {
        sites.push((vec!["localhost".to_owned()], SiteSource::LocalCa));
    }
    sites
}

/// How a certificate that is shown stands.
pub fn judge(shown: &Shown, now: OffsetDateTime) -> Standing {
    let late = ((shown.not_after - shown.not_before) * LIFE_LEFT_MIN).min(DAYS_LEFT_MAX);
    match shown.not_after - now {
        _ if !shown.is_for_name => Standing::WrongName,
        _ if now < shown.not_before => Standing::Early,
        left if left <= Duration::ZERO => Standing::Over,
        left if left < late => Standing::Late,
        _ => Standing::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_late_when_it_should_have_been_renewed() {
        let now = OffsetDateTime::UNIX_EPOCH;
        for (life_days, left_days, expected) in [
            (365, 15, Standing::Good),
            (365, 13, Standing::Late),
            (90, 15, Standing::Good),
            (90, 13, Standing::Late),
            (45, 8, Standing::Good),
            (45, 7, Standing::Late),
            (6, 2, Standing::Good),
            (6, 0, Standing::Over),
            (90, -1, Standing::Over),
            (90, 91, Standing::Early),
        ] {
            let not_after = now + Duration::days(left_days);
            let not_before = not_after - Duration::days(life_days);
            let shown = Shown { issuer: String::new(), not_before, not_after, is_for_name: true, chain_length: 2 };
            assert_eq!(judge(&shown, now), expected, "{left_days} of {life_days} days left");
            let for_another = Shown { is_for_name: false, ..shown };
            assert_eq!(judge(&for_another, now), Standing::WrongName);
        }
    }

    #[test]
    fn each_site_has_its_names() {
        let sites = |text: &str| sites(&Config::parse(text, "test", std::iter::empty()).unwrap());
        let localhost = [(vec!["localhost".to_owned()], SiteSource::LocalCa)];
        assert_eq!(sites(""), localhost);
        assert_eq!(sites("[[edge.site]]\nnames = ['a.example']\nsource = 'off'\n"), localhost);
        let two =
            "[[edge.site]]\nnames = ['a.example', 'b.example']\n[[edge.site]]\nnames = ['c.example']\nsource = 'off'\n";
        assert_eq!(sites(two), [(vec!["a.example".to_owned(), "b.example".to_owned()], SiteSource::LocalCa)]);
    }
}
