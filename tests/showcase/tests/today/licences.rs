//! A tool with two licences, which rejects a third concurrent user.

mod rendering {
    use std::io;

    use tokio::task::spawn_blocking;

    use crate::shop::AnyError;
    use crate::shop::licence::Seat;

    #[tokio::test]
    async fn renders_in_the_background() -> Result<(), AnyError> {
        let seat = Seat::take()?;

        let codes = spawn_blocking(move || seat.render(&["tea"])).await??;

        assert_eq!(codes.len(), 1);
        Ok(())
    }

    #[test]
    fn renders_one_code_for_each_label() -> io::Result<()> {
        let seat = Seat::take()?;

        let codes = seat.render(&["tea", "milk", "sugar"])?;

        assert!(codes.iter().all(|code| code.len() == 10));
        Ok(())
    }

    #[test]
    fn renders_the_same_code_for_the_same_label() -> io::Result<()> {
        let seat = Seat::take()?;

        let codes = seat.render(&["tea", "tea"])?;

        assert_eq!(codes[0], codes[1]);
        Ok(())
    }

    #[test]
    fn renders_different_codes_for_different_labels() -> io::Result<()> {
        let seat = Seat::take()?;

        let codes = seat.render(&["tea", "milk"])?;

        assert_ne!(codes[0], codes[1]);
        Ok(())
    }
}
